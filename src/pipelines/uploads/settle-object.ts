import { SealpartError } from '../../errors.ts';
import { equalBytes } from '../../format/bytes.ts';
import { parseSegmentHeader, segmentHeaderLength } from '../../format/segment-header.ts';
import type { ByteRange, ObjectHead, ObjectName, ObjectStore, StoredObject } from '../../objects/object-store.ts';

/** What only the object that this upload makes can look like. */
export interface ExpectedObject {
  /** The stream header, as it stands at the object's start. */
  readonly header: Uint8Array;
  readonly sizeBytes: number;
  /** The last segment, which was sealed last and has a salt that no other attempt has. */
  readonly final: { readonly segmentIndex: number; readonly offset: number; readonly salt: Uint8Array };
}

/**
 * Tells whether the object under a name is the one that a Complete or a Put with a lost answer should have made: our
 * stream header, the expected length, and our FINAL segment's salt.
 *
 * @returns its head, or undefined if another object stands there, or none
 */
export async function settleObject(
  store: ObjectStore,
  object: ObjectName,
  expected: ExpectedObject,
  signal: AbortSignal,
): Promise<ObjectHead | undefined> {
  const { header, sizeBytes, final } = expected;
  try {
    const start = await readRange(store, object, { first: 0, last: header.length - 1 }, undefined, signal);
    if (start.head.sizeBytes !== sizeBytes || !equalBytes(start.bytes, header)) return undefined;
    const place = { first: final.offset, last: final.offset + segmentHeaderLength - 1 };
    const last = await readRange(store, object, place, start.head.etag, signal);
    const { segmentIndex, salt } = parseSegmentHeader(last.bytes, final.segmentIndex);
    return segmentIndex === final.segmentIndex && equalBytes(salt, final.salt) ? start.head : undefined;
  } catch (error) {
    if (error instanceof SealpartError && somethingElse.has(error.code)) return undefined;
    throw error;
  }
}

/** What the write would have answered. */
export function storedObjectOf({ etag, versionId }: ObjectHead): StoredObject {
  return versionId === undefined ? { etag } : { etag, versionId };
}

/** Nothing is there, something shorter, something that was replaced meanwhile, or no segment where ours has one. */
const somethingElse: ReadonlySet<string> = new Set([
  'not-found',
  'bad-range',
  'precondition',
  'truncated',
  'bad-magic',
  'crc-mismatch',
]);

async function readRange(
  store: ObjectStore,
  object: ObjectName,
  range: Extract<ByteRange, { first: number }>,
  ifMatch: string | undefined,
  signal: AbortSignal,
): Promise<{ head: ObjectHead; bytes: Uint8Array }> {
  const body = await store.get({ ...object, range, ...(ifMatch === undefined ? {} : { ifMatch }) }, signal);
  try {
    const bytes = new Uint8Array(range.last - range.first + 1);
    return { head: body.head, bytes: bytes.subarray(0, await body.read(bytes, signal)) };
  } finally {
    await body.close();
  }
}
