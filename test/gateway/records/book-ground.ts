import { randomBytes } from 'node:crypto';
import type { ObjectRecord } from '../../../src/crypto/object-record.ts';
import {
  openRecordBook,
  type RecordBookOptions,
  type RecordFault,
} from '../../../src/gateway/records/open-record-book.ts';
import type { RecordBook, StoredState } from '../../../src/gateway/records/record-book.ts';
import { createMemoryManifest } from '../../../src/manifest/memory-manifest.ts';
import type { ObjectRecords } from '../../../src/manifest/object-records.ts';
import { keyFileReader, keyFileWriter, smallParameters } from '../../keys/fixtures.ts';

export const quiet: AbortSignal = new AbortController().signal;

/** An hour after the objects of these tests were written. */
export const nowMs = 1_760_000_000_000;

export interface BookGround {
  readonly book: RecordBook;
  readonly records: ObjectRecords;
  readonly faults: RecordFault[];
  /** How often the table was asked, and for how many. */
  readonly finds: number[];
  /** Another book of the same table, with nothing in its memory. */
  another(told?: Partial<RecordBookOptions>): Promise<RecordBook>;
}

export async function layBook(told: Partial<RecordBookOptions> = {}): Promise<BookGround> {
  const faults: RecordFault[] = [];
  const finds: number[] = [];
  const records = counted(told.records ?? createMemoryManifest().records, finds);
  const open = (more: Partial<RecordBookOptions> = {}) =>
    openRecordBook(
      {
        recipients: keyFileWriter,
        access: keyFileReader,
        logicalBucket: (bucket) => `logical ${bucket}`,
        clock: () => nowMs,
        onFault: (fault) => faults.push(fault),
        ...told,
        ...more,
        records,
      },
      quiet,
    );
  return { book: await open(), records, faults, finds, another: open };
}

function counted(records: ObjectRecords, finds: number[]): ObjectRecords {
  return {
    name: records.name,
    keyItem: (make, signal) => records.keyItem(make, signal),
    put: (item, signal) => records.put(item, signal),
    remove: (objects, signal) => records.remove(objects, signal),
    list: (query, signal) => records.list(query, signal),
    find: (objects, signal) => {
      finds.push(objects.length);
      return records.find(objects, signal);
    },
  };
}

export function newObjectRecord(told: Partial<ObjectRecord> = {}): ObjectRecord {
  return {
    sizeBytes: 5208,
    streamId: new Uint8Array(randomBytes(16)),
    contentLength: 4000,
    etag: randomBytes(16).toString('hex'),
    checksums: {},
    parameters: smallParameters,
    streamDigest: new Uint8Array(randomBytes(32)),
    finalSalt: new Uint8Array(randomBytes(16)),
    partCount: 0,
    ...told,
  };
}

export function newState(told: Partial<StoredState> = {}): StoredState {
  const etag = randomBytes(16).toString('hex');
  return { bucket: 'photos', key: 'a.jpg', etag, sizeBytes: 5208, lastModifiedMs: nowMs - 3_600_000, ...told };
}
