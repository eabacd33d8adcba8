import { assert } from '../assert.ts';
import { bytesColumn, integerColumn, type Row, RowReader, rowSum, textColumn } from './row.ts';
import { decodeSegmentList, encodeSegmentList } from './segment-list.ts';
import type { PartItem } from './upload-manifest.ts';

const attemptLength = 8;
const macLength = 32;

const contents = [
  'upload',
  'number',
  'epoch',
  'attempt',
  'segments',
  'etag',
  'checksum',
  'client_etag',
  'client_checksums',
  'mac',
] as const;

/** The columns of a part, with the checksum over the others at the end. */
export const partColumns: readonly (keyof PartRow)[] = [...contents, 'sum'];

export type PartRow = Row<(typeof contents)[number] | 'sum'>;

/** @throws RangeError for a text or a number that cannot be kept. */
export function encodePart(uploadId: string, part: PartItem): PartRow {
  assert(part.partNumber >= 1, 'parts are numbered from 1');
  assert(part.attempt.length === attemptLength, 'an attempt has 8 bytes');
  assert(part.mac.length === macLength, 'the MAC of a part has 32 bytes');
  const row = {
    upload: uploadId,
    number: integerColumn('partNumber', part.partNumber),
    epoch: integerColumn('epoch', part.epoch),
    attempt: bytesColumn(part.attempt),
    segments: encodeSegmentList(part.segments),
    etag: textColumn('etag', part.etag),
    checksum: textColumn('checksum', part.checksum),
    client_etag: bytesColumn(part.clientEtag),
    client_checksums: bytesColumn(part.clientChecksums),
    mac: bytesColumn(part.mac),
  };
  return { ...row, sum: rowSum(row, contents) };
}

/**
 * The item that a row of an upload was made of. `after` is the number of the part before it.
 *
 * @throws SealpartError `manifest-corrupt`
 */
export function decodePart(row: PartRow, manifestName: string, uploadId: string, after: number): PartItem {
  const reader = new RowReader(row, contents, `part ${row.number} of upload ${uploadId}`, manifestName);
  if (row.upload !== uploadId) throw reader.damage(`another upload's stands in its place`);
  if (reader.integer('number') <= after) throw reader.damage(`it stands behind part ${after}`);
  const segments = decodeSegmentList(reader.bytes('segments'));
  if (segments === undefined) throw reader.damage('segments is not a whole number of records');
  return {
    partNumber: reader.integer('number', 1),
    epoch: reader.integer('epoch', 1),
    attempt: reader.bytes('attempt', attemptLength),
    segments,
    etag: reader.text('etag'),
    checksum: reader.text('checksum'),
    clientEtag: reader.bytes('client_etag'),
    clientChecksums: reader.bytes('client_checksums'),
    mac: reader.bytes('mac', macLength),
  };
}
