import type { ObjectHead } from '../../objects/object-store.ts';
import { checksumAlgorithm, checksumHeader } from '../../s3-protocol/checksums/algorithm.ts';
import { contentRange } from '../../s3-protocol/conditions/byte-range.ts';
import { formatHttpDate } from '../../s3-protocol/conditions/http-date.ts';
import type { ReadPlan } from '../../s3-protocol/conditions/read-conditions.ts';
import { visibleMetadata } from '../../s3-protocol/routes/user-metadata.ts';
import type { HeaderField } from '../../s3-protocol/signature/raw-request.ts';
import type { GatewayGround } from '../gateway-ground.ts';
import type { DescribedObject } from './described-object.ts';
import { headerText } from './header-text.ts';
import type { ObjectRequest } from './object-request.ts';

/** What a client is told of an object in headers. */
export interface ToldObject {
  readonly head: ObjectHead;
  readonly described: DescribedObject;
}

/** What the store says of an object that is as true of its content: headers by their names in lower case. */
const passedOn: readonly (readonly [name: string, told: string])[] = [
  ['cache-control', 'Cache-Control'],
  ['content-disposition', 'Content-Disposition'],
  ['content-encoding', 'Content-Encoding'],
  ['content-language', 'Content-Language'],
  ['content-type', 'Content-Type'],
  ['expires', 'Expires'],
  ['x-amz-expiration', 'x-amz-expiration'],
  ['x-amz-object-lock-legal-hold', 'x-amz-object-lock-legal-hold'],
  ['x-amz-object-lock-mode', 'x-amz-object-lock-mode'],
  ['x-amz-object-lock-retain-until-date', 'x-amz-object-lock-retain-until-date'],
  ['x-amz-replication-status', 'x-amz-replication-status'],
  ['x-amz-restore', 'x-amz-restore'],
  ['x-amz-storage-class', 'x-amz-storage-class'],
  ['x-amz-website-redirect-location', 'x-amz-website-redirect-location'],
];

/** Of an answer that says that nothing has changed. */
const inNotModified: ReadonlySet<string> = new Set(['cache-control', 'expires']);

/** What S3 says of an object of which nobody said what it is. */
const defaultContentType = 'binary/octet-stream';

/** The headers of an answer to a GET or a HEAD, all but Content-Length. */
export function objectHeaders(
  ground: Pick<GatewayGround, 'etags'>,
  request: ObjectRequest,
  told: ToldObject,
  plan: ReadPlan,
): HeaderField[] {
  const { head, described } = told;
  const fields: HeaderField[] = [
    ['ETag', `"${headerText(described.etag)}"`],
    ['Last-Modified', formatHttpDate(head.lastModifiedMs)],
  ];
  if (head.versionId !== undefined) fields.push(['x-amz-version-id', headerText(head.versionId)]);
  fields.push(...systemHeaders(head, request, plan.status === 304));
  if (plan.status === 304) return fields;
  fields.push(['Accept-Ranges', 'bytes']);
  if (plan.status === 206) fields.push(['Content-Range', contentRange(plan.range, described.sizeBytes)]);
  fields.push(...metadataHeaders(head));
  const tags = head.tagCount ?? Object.keys(head.tags).length;
  if (tags > 0) fields.push(['x-amz-tagging-count', String(tags)]);
  // S3's own sign that an ETag is no MD5.
  if (ground.etags === 'opaque' && described.kind === 'sealed') {
    fields.push(['x-amz-server-side-encryption', 'aws:kms']);
  }
  if (request.wantsChecksums && plan.status === 200) fields.push(...checksumFields(described));
  return fields;
}

/** The object's own, or what the request wants in their place. */
function systemHeaders(
  { headers = {} }: ObjectHead,
  { overrides }: ObjectRequest,
  isUnmodified: boolean,
): HeaderField[] {
  const chosen: Readonly<Record<string, string | undefined>> = overrides;
  const fields: HeaderField[] = [];
  for (const [name, toldName] of passedOn) {
    if (isUnmodified && !inNotModified.has(name)) continue;
    const value = chosen[name] ?? headers[name] ?? (name === 'content-type' ? defaultContentType : undefined);
    if (value === undefined || (name === 'x-amz-storage-class' && value === 'STANDARD')) continue;
    fields.push([toldName, headerText(value)]);
  }
  return fields;
}

const token = /^[!#$%&'*+.^_`|~0-9a-z-]+$/i;

/** What no header can be called is counted, as S3 does. */
function metadataHeaders({ metadata }: ObjectHead): HeaderField[] {
  const visible = [...visibleMetadata(new Map(Object.entries(metadata)))];
  const fields = visible
    .filter(([name]) => token.test(name))
    .map(([name, value]): HeaderField => [`x-amz-meta-${name}`, headerText(value)]);
  const missing = visible.length - fields.length;
  return missing === 0 ? fields : [...fields, ['x-amz-missing-meta', String(missing)]];
}

/** The checksums that a record has, of the whole content. */
function checksumFields({ checksums }: DescribedObject): HeaderField[] {
  const fields: HeaderField[] = [];
  let isComposite = false;
  for (const [name, value] of Object.entries(checksums)) {
    const algorithm = checksumAlgorithm(name);
    if (algorithm === undefined) continue;
    fields.push([checksumHeader(algorithm), value]);
    isComposite ||= value.includes('-');
  }
  return fields.length === 0 ? [] : [...fields, ['x-amz-checksum-type', isComposite ? 'COMPOSITE' : 'FULL_OBJECT']];
}
