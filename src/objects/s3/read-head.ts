import { SealpartError } from '../../errors.ts';
import type { ObjectHead } from '../object-store.ts';
import { bareEtag } from './etag.ts';
import { describedObject } from './object-headers.ts';

/** The tags of an object, or how many there are if nobody wants them. */
export type ToldTags = { readonly tags: Readonly<Record<string, string>>; readonly tagCount?: number };

/**
 * The head of an object as an answer tells it.
 *
 * @param answered - The headers of the answer.
 * @throws SealpartError `store` if the answer does not say what no object is without
 */
export function headOf(
  answered: Readonly<Record<string, string>>,
  sizeBytes: number | undefined,
  tags: ToldTags,
  subject: { readonly label: string; readonly storeName: string },
): ObjectHead {
  const etag = bareEtag(answered.etag ?? '');
  if (sizeBytes === undefined || etag === '') {
    const lacks = etag === '' ? 'no ETag' : 'no length';
    throw new SealpartError(
      'store',
      `${subject.storeName} told ${lacks} of ${subject.label}: its answer is not whole.`,
    );
  }
  const { metadata, headers } = describedObject(answered);
  const lastModifiedMs = Date.parse(answered['last-modified'] ?? '');
  return {
    etag,
    sizeBytes,
    lastModifiedMs: Number.isNaN(lastModifiedMs) ? 0 : lastModifiedMs,
    metadata,
    ...tags,
    ...(Object.keys(headers).length === 0 ? {} : { headers }),
    ...versionOf(answered),
  };
}

/** The version that an answer is about, if it tells one. */
export function versionOf(answered: Readonly<Record<string, string>>): { readonly versionId?: string } {
  const versionId = answered['x-amz-version-id'];
  return versionId === undefined || versionId === '' ? {} : { versionId };
}

/** The Content-Length of an answer; undefined for anything but a number. */
export function lengthOf(answered: Readonly<Record<string, string>>): number | undefined {
  const text = answered['content-length'] ?? '';
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
