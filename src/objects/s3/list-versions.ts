import { SealpartError } from '../../errors.ts';
import type { ListedVersion, VersionListRequest, VersionPage } from '../bucket-store.ts';
import { quoted } from '../directory/names.ts';
import { keyDecoder } from './key-encoding.ts';
import { checkPrefix } from './list-keys.ts';
import { readListedObject } from './list-objects.ts';
import { afterMarker, orderVersions } from './order-versions.ts';
import { readDocument } from './signed/read-document.ts';
import type { S3Ground } from './store-ground.ts';
import { childrenOf, flagOf, textOf, timeOf } from './xml/fields.ts';
import type { XmlNode } from './xml/read-xml.ts';

type Broken = (what: string) => SealpartError;
type Decode = (text: string) => string;

/** The most that S3 tells at once. */
const maxPageSize = 1000;
/** How many pages with nothing on them are looked through. */
const maxEmptyPages = 100;

/**
 * One page of a bucket's versions.
 *
 * @throws SealpartError `store` if its keys go back, or it does not say where to go on: such a listing might never end
 */
export async function listVersions(
  ground: S3Ground,
  request: VersionListRequest,
  signal: AbortSignal,
): Promise<VersionPage> {
  const { bucket, prefix, delimiter = '', limit } = request;
  let { keyMarker = '', versionIdMarker = '' } = request;
  const doing = `list the versions in ${quoted(bucket)}`;
  const broken = (what: string) => new SealpartError('store', `${ground.name} could not ${doing}: ${what}.`);
  let repeated = 0;
  for (let pages = 0; pages < maxEmptyPages; pages++) {
    const optional = { prefix, delimiter, 'key-marker': keyMarker, 'version-id-marker': versionIdMarker };
    const given = Object.entries(optional).filter(([, value]) => value !== '');
    const query = {
      versions: '',
      'encoding-type': 'url',
      'max-keys': `${Math.min(limit + repeated, maxPageSize)}`,
      ...Object.fromEntries(given),
    };
    const answer = await ground.caller.run(signal, {
      doing,
      subject: { bucket },
      changes: false,
      request: { method: 'GET', bucket, query },
      read: (answered) => readDocument(answered, 'ListVersionsResult'),
    });
    const decode = keyDecoder(textOf(answer, 'EncodingType'), broken);
    const all = readPage(answer, keyMarker, decode, broken);
    checkPrefix([...all.versions.map(({ key }) => key), ...all.commonPrefixes], prefix, broken);
    const page = { ...all, versions: afterMarker(all.versions, keyMarker, versionIdMarker) };
    const isTruncated = flagOf(answer, 'IsTruncated') ?? (textOf(answer, 'NextKeyMarker') ?? '') !== '';
    if (!isTruncated || limit === 0) return page;
    const next = nextOf(answer, all, decode);
    const isStuck =
      next === undefined || (next.keyMarker === keyMarker && (next.versionIdMarker ?? '') === versionIdMarker);
    if (!isStuck && page.versions.length + page.commonPrefixes.length > 0) return { ...page, next };
    // Where it repeats what the page before had ended with, there is room for nothing else.
    if (isStuck && (repeated > 0 || all.versions.length === 0)) {
      throw broken('it says that there is more, but not where to go on');
    }
    if (isStuck) repeated = all.versions.length - page.versions.length;
    else ({ keyMarker, versionIdMarker = '' } = next);
  }
  throw broken(`${maxEmptyPages} pages were empty, and it says that there is more`);
}

function readPage(
  answer: XmlNode,
  keyMarker: string,
  decode: Decode,
  broken: Broken,
): { readonly versions: readonly ListedVersion[]; readonly commonPrefixes: readonly string[] } {
  const listed = answer.children.filter(({ name }) => name === 'Version' || name === 'DeleteMarker');
  const versions = orderVersions(listed.map((version) => readVersion(version, decode, broken)));
  let before = Buffer.from(keyMarker);
  for (const { key } of versions) {
    const bytes = Buffer.from(key);
    if (Buffer.compare(before, bytes) > 0) {
      throw broken(`its list is not in order, ${quoted(key)} comes after ${quoted(before.toString())}`);
    }
    before = bytes;
  }
  const commonPrefixes = childrenOf(answer, 'CommonPrefixes').map((common) => decode(textOf(common, 'Prefix') ?? ''));
  return { versions, commonPrefixes };
}

function readVersion(listed: XmlNode, decode: Decode, broken: Broken): ListedVersion {
  const common = {
    versionId: textOf(listed, 'VersionId')?.trim() || 'null',
    isLatest: flagOf(listed, 'IsLatest') ?? false,
  };
  if (listed.name === 'Version') {
    const storageClass = textOf(listed, 'StorageClass')?.trim() || 'STANDARD';
    return { ...readListedObject(listed, decode, broken), ...common, storageClass };
  }
  const key = textOf(listed, 'Key');
  if (key === undefined) throw broken('a mark of deletion in its list has no key');
  return { key: decode(key), ...common, lastModifiedMs: timeOf(listed, 'LastModified'), deleteMarker: true };
}

/** Where the store says that the next page begins, or what its last entry says. */
function nextOf(
  answer: XmlNode,
  { versions, commonPrefixes }: Pick<VersionPage, 'versions' | 'commonPrefixes'>,
  decode: Decode,
): VersionPage['next'] {
  const keyMarker = decode(textOf(answer, 'NextKeyMarker') ?? '');
  const versionIdMarker = textOf(answer, 'NextVersionIdMarker') ?? '';
  if (keyMarker !== '') return { keyMarker, ...(versionIdMarker === '' ? {} : { versionIdMarker }) };
  const [version, prefix] = [versions.at(-1), commonPrefixes.at(-1)];
  if (prefix !== undefined && (version === undefined || Buffer.from(prefix).compare(Buffer.from(version.key)) > 0)) {
    return { keyMarker: prefix };
  }
  return version === undefined ? undefined : { keyMarker: version.key, versionIdMarker: version.versionId };
}
