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

/** What the store says of an object that is as true of its content, by the names of headers. */
const passedOn = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
  'x-amz-expiration',
  'x-amz-object-lock-legal-hold',
  'x-amz-object-lock-mode',
  'x-amz-object-lock-retain-until-date',
  'x-amz-replication-status',
  'x-amz-restore',
  'x-amz-storage-class',
  'x-amz-website-redirect-location',
] as const;

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
  const told: Record<string, string | undefined> = { 'content-type': defaultContentType, ...headers, ...overrides };
  const fields: HeaderField[] = [];
  for (const name of passedOn) {
    const value = told[name];
    if (value === undefined || (isUnmodified && !inNotModified.has(name))) continue;
    if (name === 'x-amz-storage-class' && value === 'STANDARD') continue;
    fields.push([canonicalName(name), headerText(value)]);
  }
  return fields;
}

function canonicalName(name: string): string {
  return name.startsWith('x-') ? name : name.replace(/(?:^|-)[a-z]/g, (letter) => letter.toUpperCase());
}

function metadataHeaders({ metadata }: ObjectHead): HeaderField[] {
  const visible = [...visibleMetadata(new Map(Object.entries(metadata)))];
  return visible.map(([name, value]) => [`x-amz-meta-${headerText(name)}`, headerText(value)]);
}

/** The checksums that a record has, of the whole content. */
export function checksumFields({ checksums }: DescribedObject): HeaderField[] {
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
