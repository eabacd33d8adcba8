import type { GetObjectCommandOutput, HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import { SealpartError } from '../../errors.ts';
import type { ObjectHead } from '../object-store.ts';
import { bareEtag } from './etag.ts';

/** What both answers about an object say of it. */
type Described = Pick<
  GetObjectCommandOutput | HeadObjectCommandOutput,
  'ETag' | 'LastModified' | 'Metadata' | 'VersionId'
>;

/**
 * The head of an object as an answer tells it.
 *
 * @throws SealpartError `store` if the answer does not say what no object is without
 */
export function headOf(
  answer: Described,
  sizeBytes: number | undefined,
  tags: Readonly<Record<string, string>>,
  subject: { readonly label: string; readonly storeName: string },
): ObjectHead {
  const { ETag, LastModified, Metadata, VersionId } = answer;
  const etag = bareEtag(ETag ?? '');
  if (sizeBytes === undefined || !Number.isSafeInteger(sizeBytes) || sizeBytes < 0 || etag === '') {
    const lacks = etag === '' ? 'no ETag' : 'no length';
    throw new SealpartError(
      'store',
      `${subject.storeName} told ${lacks} of ${subject.label}: its answer is not whole.`,
    );
  }
  return {
    etag,
    sizeBytes,
    lastModifiedMs: LastModified?.getTime() ?? 0,
    metadata: { ...Metadata },
    tags,
    ...(VersionId === undefined ? {} : { versionId: VersionId }),
  };
}
