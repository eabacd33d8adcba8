import { createHash } from 'node:crypto';
import type { ObjectRecordItem } from '../../src/manifest/object-records.ts';

/** A record that follows from its key and its generation. */
export function recordOf(key: string, generation: number): ObjectRecordItem {
  const digest = createHash('sha512').update(`${key} ${generation}`).digest();
  return {
    bucket: 'bucket',
    key,
    etag: 'etag',
    sizeBytes: generation * 1000,
    streamId: new Uint8Array(digest.subarray(0, 16)),
    record: new Uint8Array(Buffer.concat(Array.from({ length: 1 + (generation % 4) }, () => digest))),
    writtenMs: generation,
  };
}
