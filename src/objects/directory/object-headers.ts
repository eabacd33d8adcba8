import type { SealpartError } from '../../errors.ts';
import { refused } from './refusals.ts';

/** What is kept as it came and given back. */
const kept: ReadonlySet<string> = new Set([
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
  'x-amz-website-redirect-location',
]);

/** S3's classes for what is written into a bucket of the usual kind. Here they are labels. */
const storageClasses: ReadonlySet<string> = new Set([
  'DEEP_ARCHIVE',
  'GLACIER',
  'GLACIER_IR',
  'INTELLIGENT_TIERING',
  'ONEZONE_IA',
  'REDUCED_REDUNDANCY',
  'STANDARD',
  'STANDARD_IA',
]);

/** The ACLs that S3 knows by name. */
export const cannedAcls: ReadonlySet<string> = new Set([
  'authenticated-read',
  'aws-exec-read',
  'bucket-owner-full-control',
  'bucket-owner-read',
  'log-delivery-write',
  'private',
  'public-read',
  'public-read-write',
]);

/** Those that say what is so anyway: everything belongs to one who may do everything, and nobody else may. */
const idleAcls: ReadonlySet<string> = new Set(['bucket-owner-full-control', 'private']);

/**
 * Of the headers that an object is written with, those to be given back.
 *
 * @param label - The object as messages name it.
 * @throws SealpartError `bad-parameters` for one that asks for what this store does not do.
 */
export function keptHeaders(headers: Readonly<Record<string, string>>, label: string): Record<string, string> {
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (kept.has(name) || isKeptWord(name, value, label)) result[name] = value;
  }
  return result;
}

/** True for a header that is given back, false for one that changes nothing. */
function isKeptWord(name: string, value: string, label: string): boolean {
  if (name === 'x-amz-storage-class') {
    if (!storageClasses.has(value))
      throw refused('InvalidStorageClass', `${label} cannot have the storage class given`);
    return value !== 'STANDARD';
  }
  if (name === 'x-amz-server-side-encryption') {
    if (value === 'AES256') return true;
    throw refused('NotImplemented', `${label} cannot be encrypted by this store as ${name} says`);
  }
  if (name === 'x-amz-acl') {
    checkCannedAcl(value, label);
    return false;
  }
  throw refusedHeader(name, label);
}

function refusedHeader(name: string, label: string): SealpartError {
  if (name.startsWith('x-amz-grant-')) return noAcls(label);
  if (name.startsWith('x-amz-object-lock-')) {
    // S3 spells it so where an object is written, and otherwise where it stands.
    return refused('InvalidRequest', 'Bucket is missing ObjectLockConfiguration');
  }
  return refused(
    'NotImplemented',
    `${label} cannot be written with the header ${name}, which this store does not know`,
  );
}

/** Refuses an ACL by name that would let others in. */
export function checkCannedAcl(value: string, label: string): void {
  if (idleAcls.has(value)) return;
  if (!cannedAcls.has(value)) throw refused('InvalidArgument', `${label} cannot have an ACL that S3 does not know`);
  throw noAcls(label);
}

/** What is told of an ACL that would let others in. */
export function noAcls(label: string): SealpartError {
  return refused('AccessControlListNotSupported', `${label} belongs to the owner of the store, who alone has access`);
}
