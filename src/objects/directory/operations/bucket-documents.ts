import type { DocumentKind } from '../bucket-table.ts';
import { refused } from '../refusals.ts';
import { bytesAnswer, emptyAnswer } from './named-answer.ts';
import { changeBucket, type NamedOperation, viewBucket } from './named-operation.ts';

/** A document that a bucket keeps and gives back. */
export interface KeptDocument {
  readonly kind: DocumentKind;
  /** Checks what is put, and answers what is to be kept of it. */
  read(body: Uint8Array): Uint8Array;
  /** What a bucket has that was told nothing; undefined if that is nothing. */
  readonly unless?: Uint8Array;
  /** The status that S3 answers a put with. */
  readonly putStatus: 200 | 204;
  /** S3's word and words for a bucket that has none. */
  readonly missing: readonly [said: string, reason: string];
}

/** Notes that a bucket has none even where it would have one without being told. */
const none: Uint8Array = new Uint8Array(0);

export function getDocument({ kind, unless = none, missing }: KeptDocument): NamedOperation {
  return (call) =>
    viewBucket(call, (catalogue) => {
      const bytes = catalogue.buckets.document(call.name.bucket, kind) ?? unless;
      if (bytes.length === 0) throw refused(...missing, 'not-found');
      return bytesAnswer(bytes);
    });
}

export function putDocument({ kind, read, putStatus }: KeptDocument): NamedOperation {
  return async (call) => {
    const bytes = read(call.request.body);
    await changeBucket(call, (catalogue) => catalogue.buckets.putDocument(call.name.bucket, kind, bytes));
    return emptyAnswer(putStatus);
  };
}

export function deleteDocument({ kind, unless }: KeptDocument): NamedOperation {
  return async (call) => {
    const { bucket } = call.name;
    await changeBucket(call, ({ buckets }) => {
      if (unless === undefined) buckets.dropDocument(bucket, kind);
      else buckets.putDocument(bucket, kind, none);
    });
    return emptyAnswer(204);
  };
}
