import { assert } from '../assert.ts';
import { bytesColumn, type Column, integerColumn, type Row, RowReader, rowSum, textColumn } from './row.ts';
import { type UploadItem, uploadStates } from './upload-manifest.ts';

const macLength = 32;

const contents = [
  'id',
  'store_name',
  'bucket',
  'key',
  'stream_header',
  'source_fingerprint',
  'source_path',
  'created_ms',
  'resume_item',
  'owner',
  'lease_until_ms',
  'state',
  'epoch',
  'upload_id',
  'mac',
  'updated_ms',
] as const;

/** The columns of an upload's head, with the checksum over the others at the end. */
export const uploadColumns: readonly (keyof UploadRow)[] = [...contents, 'sum'];

export type UploadRow = Row<(typeof contents)[number] | 'sum'>;

/** True for what can be the id of a stream, and so of an upload: 32 hexadecimal digits. */
export function isStreamId(id: string): boolean {
  return /^[0-9a-f]{32}$/.test(id);
}

/** @throws RangeError for an id, a text or a time that cannot be kept. */
export function encodeUpload(item: UploadItem): UploadRow {
  const { mac, resumeItem, uploadId } = item;
  if (!isStreamId(item.id)) throw new RangeError(`id of an upload must be 32 hexadecimal digits, not ${item.id}`);
  assert((mac === undefined) === (uploadId === undefined), 'an upload has its MAC when it has its id in the store');
  assert(mac === undefined || mac.length === macLength, 'the MAC of an upload has 32 bytes');
  const row = {
    id: item.id,
    store_name: textColumn('storeName', item.storeName),
    bucket: textColumn('bucket', item.bucket),
    key: textColumn('key', item.key),
    stream_header: bytesColumn(item.streamHeader),
    source_fingerprint: textColumn('sourceFingerprint', item.sourceFingerprint),
    source_path: textColumn('sourcePath', item.sourcePath),
    created_ms: integerColumn('createdMs', item.createdMs),
    resume_item: resumeItem === undefined ? null : bytesColumn(resumeItem),
    owner: textColumn('owner', item.owner),
    lease_until_ms: integerColumn('leaseUntilMs', item.leaseUntilMs),
    state: item.state,
    epoch: integerColumn('epoch', item.epoch),
    upload_id: uploadId === undefined ? null : textColumn('uploadId', uploadId),
    mac: mac === undefined ? null : bytesColumn(mac),
    updated_ms: integerColumn('updatedMs', item.updatedMs),
  };
  return { ...row, sum: rowSum(row, contents) };
}

/**
 * The item that a row was made of, or of the upload of that `id` alone if one is given.
 *
 * @throws SealpartError `manifest-corrupt`
 */
export function decodeUpload(row: UploadRow, manifestName: string, id: Column = row.id): UploadItem {
  const reader = new RowReader(row, contents, `upload ${id}`, manifestName);
  // An index that is damaged can lead to another's row, which is in order.
  if (row.id !== id) throw reader.damage(`another upload's stands in its place`);
  if (!isStreamId(reader.text('id'))) throw reader.damage('id is not 32 hexadecimal digits');
  const state = uploadStates.find((known) => known === reader.text('state'));
  if (state === undefined) throw reader.damage('state is none there is');
  if (reader.isAbsent('mac') !== reader.isAbsent('upload_id'))
    throw reader.damage('mac and upload_id do not go together');
  const created = !reader.isAbsent('mac');
  return {
    id: reader.text('id'),
    storeName: reader.text('store_name'),
    bucket: reader.text('bucket'),
    key: reader.text('key'),
    streamHeader: reader.bytes('stream_header'),
    sourceFingerprint: reader.text('source_fingerprint'),
    sourcePath: reader.text('source_path'),
    createdMs: reader.integer('created_ms'),
    ...(reader.isAbsent('resume_item') ? {} : { resumeItem: reader.bytes('resume_item') }),
    owner: reader.text('owner'),
    leaseUntilMs: reader.integer('lease_until_ms'),
    state,
    epoch: reader.integer('epoch', 1),
    ...(created ? { uploadId: reader.text('upload_id'), mac: reader.bytes('mac', macLength) } : {}),
    updatedMs: reader.integer('updated_ms'),
  };
}
