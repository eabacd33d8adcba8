import { SealpartError } from '../../errors.ts';
import { quoted } from '../directory/names.ts';
import type { ListedObject, ListPage, ListRequest } from '../object-store.ts';
import { bareEtag } from './etag.ts';
import { keyDecoder } from './key-encoding.ts';
import { readDocument } from './signed/read-document.ts';
import type { S3Ground } from './store-ground.ts';
import { childrenOf, flagOf, numberOf, textOf, timeOf } from './xml/fields.ts';
import type { XmlNode } from './xml/read-xml.ts';

/** The most keys that S3 tells at once. */
const pageSize = 1000;
/** How many pages without a single key are looked through; a store may skip what was deleted. */
const maxEmptyPages = 100;

/**
 * One page of a bucket's objects.
 *
 * @throws SealpartError `store` if what the store lists does not come after what it was asked for: such a listing might
 *   never end
 */
export async function listObjects(ground: S3Ground, request: ListRequest, signal: AbortSignal): Promise<ListPage> {
  const { bucket, prefix = '', startAfter = '', limit = pageSize } = request;
  const doing = `list ${quoted(bucket)}`;
  const broken = (what: string) => new SealpartError('store', `${ground.name} could not ${doing}: ${what}.`);
  let token: string | undefined;
  for (let pages = 0; pages < maxEmptyPages; pages++) {
    const query = {
      'list-type': '2',
      'encoding-type': 'url',
      'max-keys': `${Math.min(limit, pageSize)}`,
      ...(prefix === '' ? {} : { prefix }),
      ...(startAfter === '' ? {} : { 'start-after': startAfter }),
      ...(token === undefined ? {} : { 'continuation-token': token }),
    };
    const answer = await ground.caller.run(signal, {
      doing,
      subject: { bucket },
      changes: false,
      request: { method: 'GET', bucket, query },
      read: (answered) => readDocument(answered, 'ListBucketResult'),
    });
    const objects = readObjects(answer, startAfter, broken);
    const last = objects.at(-1);
    // Stores that leave out whether there is more leave out the token only at the end.
    const next = textOf(answer, 'NextContinuationToken') || undefined;
    const isTruncated = flagOf(answer, 'IsTruncated') ?? next !== undefined;
    if (last !== undefined) return isTruncated ? { objects, next: last.key } : { objects };
    if (!isTruncated) return { objects };
    if (next === undefined || next === token) throw broken('it says that there is more, but not where to go on');
    token = next;
  }
  throw broken(`${maxEmptyPages} pages were empty, and it says that there is more`);
}

function readObjects(answer: XmlNode, startAfter: string, broken: (what: string) => SealpartError): ListedObject[] {
  const decode = keyDecoder(textOf(answer, 'EncodingType'), broken);
  let before = Buffer.from(startAfter);
  return childrenOf(answer, 'Contents').map((listed) => {
    const object = readListedObject(listed, decode, broken);
    const bytes = Buffer.from(object.key);
    if (Buffer.compare(before, bytes) >= 0) {
      throw broken(`its list is not in order, ${quoted(object.key)} comes after ${quoted(before.toString())}`);
    }
    before = bytes;
    return object;
  });
}

/** An object as a listing tells of it. */
export function readListedObject(
  listed: XmlNode,
  decode: (text: string) => string,
  broken: (what: string) => SealpartError,
): ListedObject {
  const [key, sizeBytes] = [textOf(listed, 'Key'), numberOf(listed, 'Size')];
  if (key === undefined || sizeBytes === undefined) throw broken('an object in its list has no key or no size');
  const etag = bareEtag(textOf(listed, 'ETag') ?? '');
  return { key: decode(key), etag, sizeBytes, lastModifiedMs: timeOf(listed, 'LastModified') };
}
