import { SealpartError } from '../../errors.ts';
import type { KeyListRequest, KeyPage, ListedKey } from '../bucket-store.ts';
import { quoted } from '../directory/names.ts';
import { keyDecoder } from './key-encoding.ts';
import { readToken, writeToken } from './key-token.ts';
import { readListedObject } from './list-objects.ts';
import { readDocument } from './signed/read-document.ts';
import type { S3Ground } from './store-ground.ts';
import { childrenOf, flagOf, textOf } from './xml/fields.ts';
import type { XmlNode } from './xml/read-xml.ts';

/** How many pages with nothing on them are looked through; a store may skip what was deleted. */
const maxEmptyPages = 100;

/** Where a page begins: what is asked for, and after what its keys must come. */
interface PageStart {
  readonly query: Readonly<Record<string, string>>;
  readonly after: string;
  /** True if a common prefix that `after` is in may still be told of. */
  readonly mayOpen: boolean;
}

/** What a page of the store's says. */
interface ReadPage extends Pick<KeyPage, 'objects' | 'commonPrefixes'> {
  /** The last key or common prefix of the page, if there is one. */
  readonly last: string | undefined;
  readonly isTruncated: boolean;
  readonly token: string | undefined;
  readonly nextMarker: string | undefined;
}

/**
 * One page of a bucket's keys.
 *
 * @throws SealpartError `bad-parameters` (InvalidArgument) for a token that is none; `store` if what the store lists
 *   does not come after what it was asked for: such a listing might never end
 */
export async function listKeys(ground: S3Ground, request: KeyListRequest, signal: AbortSignal): Promise<KeyPage> {
  const { bucket, prefix, delimiter = '', limit } = request;
  const doing = `list ${quoted(bucket)}`;
  const broken = (what: string) => new SealpartError('store', `${ground.name} could not ${doing}: ${what}.`);
  let start = startOf(request);
  for (let pages = 0; pages < maxEmptyPages; pages++) {
    const query = {
      ...start.query,
      'encoding-type': 'url',
      'max-keys': `${limit}`,
      ...(prefix === '' ? {} : { prefix }),
      ...(delimiter === '' ? {} : { delimiter }),
    };
    const answer = await ground.caller.run(signal, {
      doing,
      subject: { bucket },
      changes: false,
      request: { method: 'GET', bucket, query },
      read: (answered) => readDocument(answered, 'ListBucketResult'),
    });
    const page = readPage(answer, start, broken);
    const { objects, commonPrefixes, last, token } = page;
    checkPrefix([...objects.map(({ key }) => key), ...commonPrefixes], prefix, broken);
    if (!page.isTruncated || limit === 0) return { objects, commonPrefixes };
    if (last !== undefined) {
      const next = { marker: last, ...(token === undefined ? {} : { token }) };
      return { objects, commonPrefixes, next: { token: writeToken(request, next), marker: last } };
    }
    const following = emptyPageNext(page, start);
    if (following === undefined) throw broken('it says that there is more, but not where to go on');
    start = following;
  }
  throw broken(`${maxEmptyPages} pages were empty, and it says that there is more`);
}

function startOf(request: KeyListRequest): PageStart {
  const { from } = request;
  if (from === undefined) return { query: { 'list-type': '2' }, after: '', mayOpen: true };
  if (from.kind === 'after') {
    return { query: { 'list-type': '2', ...given('start-after', from.key) }, after: from.key, mayOpen: true };
  }
  if (from.kind === 'marker') return markerStart(from.marker);
  const { marker, token } = readToken(request, from.token);
  if (token === undefined) return markerStart(marker);
  return { query: { 'list-type': '2', 'continuation-token': token }, after: marker, mayOpen: false };
}

function markerStart(marker: string): PageStart {
  return { query: given('marker', marker), after: marker, mayOpen: true };
}

function given(name: string, value: string): Record<string, string> {
  return value === '' ? {} : { [name]: value };
}

/** Where to go on after a page that has nothing on it; undefined if it does not say, or says the same again. */
function emptyPageNext({ token, nextMarker }: ReadPage, { query, after, mayOpen }: PageStart): PageStart | undefined {
  const isV2 = query['list-type'] === '2';
  if (isV2 && token !== undefined && token !== query['continuation-token']) {
    return { query: { 'list-type': '2', 'continuation-token': token }, after, mayOpen };
  }
  if (isV2 || nextMarker === undefined || compareBytes(nextMarker, after) <= 0) return undefined;
  return markerStart(nextMarker);
}

function readPage(answer: XmlNode, start: PageStart, broken: (what: string) => SealpartError): ReadPage {
  const decode = keyDecoder(textOf(answer, 'EncodingType'), broken);
  const objects = childrenOf(answer, 'Contents').map((listed): ListedKey => {
    const storageClass = textOf(listed, 'StorageClass')?.trim() || 'STANDARD';
    return { ...readListedObject(listed, decode, broken), storageClass };
  });
  const commonPrefixes = childrenOf(answer, 'CommonPrefixes').map((listed) => decode(textOf(listed, 'Prefix') ?? ''));
  const keys = objects.map(({ key }) => key);
  checkOrder(keys, start.after, broken);
  // A prefix is told of as long as there are keys in it: also behind one of them.
  const isOpen = start.mayOpen && commonPrefixes[0] !== start.after && start.after.startsWith(commonPrefixes[0] ?? '');
  checkOrder(commonPrefixes, isOpen ? '' : start.after, broken);
  const [lastKey, lastPrefix] = [keys.at(-1), commonPrefixes.at(-1)];
  const token = textOf(answer, 'NextContinuationToken') || undefined;
  const nextMarker = textOf(answer, 'NextMarker') || undefined;
  return {
    objects,
    commonPrefixes,
    last: greater(lastKey, lastPrefix),
    // Stores that leave out whether there is more leave out where to go on only at the end.
    isTruncated: flagOf(answer, 'IsTruncated') ?? (token ?? nextMarker) !== undefined,
    token,
    nextMarker: nextMarker === undefined ? undefined : decode(nextMarker),
  };
}

/** Whoever may list a part of a bucket is not told of the rest, whatever a store makes of a token. */
export function checkPrefix(names: readonly string[], prefix: string, broken: (what: string) => SealpartError): void {
  const stray = names.find((name) => !name.startsWith(prefix));
  if (stray === undefined) return;
  throw broken(`its list has ${quoted(stray)}, which does not begin with ${quoted(prefix)}`);
}

function checkOrder(names: readonly string[], after: string, broken: (what: string) => SealpartError): void {
  let before = after;
  for (const name of names) {
    if (compareBytes(before, name) >= 0) {
      throw broken(`its list is not in order, ${quoted(name)} comes after ${quoted(before)}`);
    }
    before = name;
  }
}

function greater(one: string | undefined, other: string | undefined): string | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return compareBytes(one, other) > 0 ? one : other;
}

/** Compares texts by their bytes in UTF-8. */
function compareBytes(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}
