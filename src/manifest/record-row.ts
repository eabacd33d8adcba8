import { assert } from '../assert.ts';
import type { ObjectRecordItem, RecordedObject } from './object-records.ts';
import { bytesColumn, integerColumn, type Row, RowReader, rowSum, textColumn } from './row.ts';

const streamIdLength = 16;
const of = 'an object record';
const remedy = 'restore the manifest from a copy, or have the record written anew (sealpart reindex)';

const contents = ['bucket', 'key', 'etag', 'size_bytes', 'stream_id', 'record', 'written_ms'] as const;

/** The columns of an object record, with the checksum over the others at the end. */
export const recordColumns: readonly (keyof RecordRow)[] = [...contents, 'sum'];

export type RecordRow = Row<(typeof contents)[number] | 'sum'>;

/** What a record is found by. */
export interface RecordName {
  readonly bucket: string;
  /** In UTF-8, of which the order of rows is the order. */
  readonly key: Uint8Array;
  readonly etag: string;
}

/** @throws RangeError for a name that cannot be kept */
export function recordName({ bucket, key, etag }: RecordedObject): RecordName {
  return { bucket: textColumn('bucket', bucket, of), key: keyBytes(key), etag: textColumn('etag', etag, of) };
}

/** The bytes of a key, or of the beginning of keys. @throws RangeError for what has none */
export function keyBytes(key: string): Uint8Array {
  return new TextEncoder().encode(textColumn('key', key, of));
}

/** @throws RangeError for a name or a number that cannot be kept */
export function encodeRecord(item: ObjectRecordItem): RecordRow {
  assert(item.streamId.length === streamIdLength, 'a stream id has 16 bytes');
  const row = {
    ...recordName(item),
    size_bytes: integerColumn('sizeBytes', item.sizeBytes, of),
    stream_id: bytesColumn(item.streamId),
    record: bytesColumn(item.record),
    written_ms: integerColumn('writtenMs', item.writtenMs, of),
  };
  return { ...row, sum: rowSum(row, contents) };
}

/**
 * The item that a row was made of; of that object alone if one is given.
 *
 * @throws SealpartError `manifest-corrupt`
 */
export function decodeRecord(row: RecordRow, manifestName: string, asked?: RecordedObject): ObjectRecordItem {
  const key = row.key instanceof Uint8Array ? Buffer.from(row.key).toString() : String(row.key);
  const reader = new RowReader(row, contents, describe(`${row.bucket}/${key}`), manifestName, remedy);
  const item = {
    bucket: reader.text('bucket'),
    key,
    etag: reader.text('etag'),
    sizeBytes: reader.integer('size_bytes', 0),
    streamId: reader.bytes('stream_id', streamIdLength),
    record: reader.bytes('record'),
    writtenMs: reader.integer('written_ms'),
  };
  if (Buffer.compare(reader.bytes('key'), Buffer.from(key)) !== 0) throw reader.damage('key is no UTF-8');
  // An index that is damaged can lead to another's row, which is in order.
  if (asked !== undefined && (item.bucket !== asked.bucket || key !== asked.key || item.etag !== asked.etag)) {
    throw reader.damage(`another object's stands in its place`);
  }
  return item;
}

/** In quotes and with escapes: whatever is in a key, a message has one line. */
function describe(name: string): string {
  return `object record ${JSON.stringify(name)}`;
}
