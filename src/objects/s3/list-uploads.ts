import { ListMultipartUploadsCommand, type ListMultipartUploadsCommandOutput } from '@aws-sdk/client-s3';
import { SealpartError } from '../../errors.ts';
import { quoted } from '../directory/names.ts';
import type { ListedUpload } from '../object-store.ts';
import { keyDecoder } from './key-encoding.ts';
import type { S3Ground } from './store-ground.ts';

/** The uploads of a bucket that were begun and not ended. None is told twice: a store that repeats itself is refused. */
export async function* listUploads(
  ground: S3Ground,
  bucket: string,
  signal: AbortSignal,
): AsyncGenerator<ListedUpload, void, undefined> {
  const doing = `list the uploads of ${quoted(bucket)}`;
  const broken = (what: string) => new SealpartError('store', `${ground.name} could not ${doing}: ${what}.`);
  const seen = new Set<string>();
  let marker: { KeyMarker?: string; UploadIdMarker?: string } = {};
  for (;;) {
    const input = { Bucket: bucket, EncodingType: 'url' as const, ...marker };
    const answer: ListMultipartUploadsCommandOutput = await ground.caller.run(signal, {
      doing,
      subject: { bucket },
      changes: false,
      send: (client, abortSignal) => client.send(new ListMultipartUploadsCommand(input), { abortSignal }),
    });
    const decode = keyDecoder(answer.EncodingType, broken);
    const uploads = answer.Uploads ?? [];
    for (const { Key, UploadId: uploadId, Initiated } of uploads) {
      if (Key === undefined || uploadId === undefined) throw broken('an upload in its list has no key or no id');
      const key = decode(Key);
      const entry = `${uploadId}\n${key}`;
      if (seen.has(entry)) throw broken(`its list repeats the upload ${quoted(uploadId)} of ${quoted(key)}`);
      seen.add(entry);
      yield { bucket, key, uploadId, initiatedMs: Initiated?.getTime() ?? 0 };
    }
    // Some stores write an empty marker where there is nothing to go on with.
    const { NextKeyMarker = '', NextUploadIdMarker = '' } = answer;
    if (!(answer.IsTruncated ?? (NextKeyMarker !== '' && uploads.length > 0))) return;
    if (NextKeyMarker === '' || uploads.length === 0) {
      throw broken('it says that there is more, but lists nothing or not where to go on');
    }
    const next = decode(NextKeyMarker);
    marker = { KeyMarker: next, ...(NextUploadIdMarker === '' ? {} : { UploadIdMarker: NextUploadIdMarker }) };
  }
}
