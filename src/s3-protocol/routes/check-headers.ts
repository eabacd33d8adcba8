import { s3Error } from '../errors/s3-error.ts';
import { isListHeader } from '../signature/list-header.ts';
import type { HeaderField } from '../signature/raw-request.ts';
import type { Access, Operation } from './operation.ts';

/** Every operation may have these: they are about the request, not about what it does. */
const always = [
  'x-amz-content-sha256',
  'x-amz-date',
  'x-amz-expected-bucket-owner',
  'x-amz-request-payer',
  'x-amz-security-token',
  'x-amz-user-agent',
];

/** Every operation with a body may have these: they are about its bytes. */
const withBody = ['x-amz-checksum-', 'x-amz-decoded-content-length', 'x-amz-sdk-checksum-algorithm', 'x-amz-trailer'];

/** Headers of which one value only is understood: with another the request asks for something else. */
const onlyValues: Readonly<Record<string, string>> = { 'x-amz-server-side-encryption': 'AES256' };

/** What gives nobody more than the bucket's owner has. */
const ordinaryAcls = ['private', 'bucket-owner-full-control', 'bucket-owner-read'];

/**
 * Refuses a request that has an x-amz- header which its operation does not have: what a header asks for is done or
 * refused, never left out.
 *
 * @throws S3Error NotImplemented, or InvalidRequest for a header that comes twice.
 */
export function checkHeaders(operation: Operation, headers: readonly HeaderField[]): void {
  const allowed = [...always, ...operation.headers, ...(operation.body.kind === 'none' ? [] : withBody)];
  const seen = new Set<string>();
  for (const [name, value] of headers) {
    const lower = name.toLowerCase();
    if (lower === 'content-range' && operation.body.kind === 'object') throw unknownHeader('Content-Range');
    if (!lower.startsWith('x-amz-')) continue;
    if (seen.has(lower) && !isListHeader(lower)) {
      throw s3Error('InvalidRequest', { message: `The request has more than one ${lower} header.` });
    }
    seen.add(lower);
    if (!allowed.some((rule) => matches(rule, lower))) throw unknownHeader(lower);
    const only = Object.hasOwn(onlyValues, lower) ? onlyValues[lower] : undefined;
    if (only !== undefined && value.trim() !== only) throw unknownHeader(lower);
  }
}

function matches(rule: string, name: string): boolean {
  return rule.endsWith('-') ? name.startsWith(rule) && name.length > rule.length : name === rule;
}

function unknownHeader(name: string): Error {
  return s3Error('NotImplemented', { Header: name });
}

/** What a request needs beyond its operation: who may read it, or how long it must stay, is for admins to say. */
export function requiredAccess({ access }: Operation, headers: readonly HeaderField[]): Access {
  const isRaised = headers.some(([name, value]) => needsAdmin(name.toLowerCase(), value.trim()));
  return access === 'write' && isRaised ? 'admin' : access;
}

function needsAdmin(name: string, value: string): boolean {
  if (name === 'x-amz-acl') return !ordinaryAcls.includes(value);
  if (name === 'x-amz-bypass-governance-retention') return value.toLowerCase() !== 'false';
  return name.startsWith('x-amz-grant-') || name.startsWith('x-amz-object-lock-');
}
