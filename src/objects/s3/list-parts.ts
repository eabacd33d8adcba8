import { ListPartsCommand, type ListPartsCommandOutput } from '@aws-sdk/client-s3';
import { SealpartError } from '../../errors.ts';
import { objectLabel } from '../directory/names.ts';
import type { StoredPart, UploadName } from '../object-store.ts';
import { bareEtag } from './etag.ts';
import type { S3Ground } from './store-ground.ts';

/**
 * The parts of an upload, page by page. Where the next page begins is not what the store says but the last number that
 * it gave, and numbers only go up: so a store that repeats itself cannot be listed for ever, and one whose markers are
 * wrong is listed all the same.
 */
export async function* listParts(
  ground: S3Ground,
  upload: UploadName,
  signal: AbortSignal,
): AsyncGenerator<StoredPart, void, undefined> {
  const { bucket, key, uploadId } = upload;
  const doing = `list the parts of ${objectLabel(upload)}`;
  const broken = (what: string) => new SealpartError('store', `${ground.name} could not ${doing}: ${what}.`);
  let after = 0;
  for (;;) {
    const marker = after === 0 ? {} : { PartNumberMarker: String(after) };
    const input = { Bucket: bucket, Key: key, UploadId: uploadId, ...marker };
    const answer: ListPartsCommandOutput = await ground.caller.run(signal, {
      doing,
      subject: { bucket, key, uploadId },
      changes: false,
      send: (client, abortSignal) => client.send(new ListPartsCommand(input), { abortSignal }),
    });
    const parts = answer.Parts ?? [];
    for (const { PartNumber: partNumber, Size: sizeBytes, ETag, ChecksumCRC32: crc32 } of parts) {
      if (partNumber === undefined || sizeBytes === undefined || ETag === undefined) {
        throw broken('a part in its list has no number, no size or no ETag');
      }
      if (partNumber <= after) throw broken(`its list goes back from part ${after} to part ${partNumber}`);
      after = partNumber;
      const etag = bareEtag(ETag);
      if (crc32 !== undefined && ground.limits.checksums) ground.checksums.note(uploadId, partNumber, etag, crc32);
      yield { partNumber, sizeBytes, etag };
    }
    if (answer.IsTruncated === false) return;
    if (parts.length === 0) {
      if (answer.IsTruncated === true) throw broken('it says that there is more, but lists nothing');
      return;
    }
    // Where it is left out whether there is more, the next page tells: after the last part it is empty.
    if (answer.IsTruncated === undefined && answer.NextPartNumberMarker === undefined) return;
  }
}
