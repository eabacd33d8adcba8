import { bytesColumn, type Row, RowReader, rowSum } from './row.ts';

const remedy = 'restore the manifest from a copy, or move it away and have the records written anew (sealpart reindex)';
const contents = ['header'] as const;

/** The first item of the object records: a stream header without a stream. */
export type RecordKeyRow = Row<(typeof contents)[number] | 'sum'>;

export function encodeRecordKey(header: Uint8Array): RecordKeyRow {
  const row = { header: bytesColumn(header) };
  return { ...row, sum: rowSum(row, contents) };
}

/** @throws SealpartError `manifest-corrupt` */
export function decodeRecordKey(row: RecordKeyRow, manifestName: string): Uint8Array {
  return new RowReader(row, contents, 'the key of object records', manifestName, remedy).bytes('header');
}
