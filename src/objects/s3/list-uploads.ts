import { SealpartError } from '../../errors.ts';
import { quoted } from '../directory/names.ts';
import type { ListedUpload } from '../object-store.ts';
import { keyDecoder } from './key-encoding.ts';
import { readDocument } from './signed/read-document.ts';
import type { S3Ground } from './store-ground.ts';
import { childrenOf, flagOf, textOf, timeOf } from './xml/fields.ts';

/** The uploads of a bucket that were begun and not ended. None is told twice: a store that repeats itself is refused. */
export async function* listUploads(
  ground: S3Ground,
  bucket: string,
  signal: AbortSignal,
): AsyncGenerator<ListedUpload, void, undefined> {
  const doing = `list the uploads of ${quoted(bucket)}`;
  const broken = (what: string) => new SealpartError('store', `${ground.name} could not ${doing}: ${what}.`);
  const seen = new Set<string>();
  let marker: Record<string, string> = {};
  for (;;) {
    const answer = await ground.caller.run(signal, {
      doing,
      subject: { bucket },
      changes: false,
      request: { method: 'GET', bucket, query: { uploads: '', 'encoding-type': 'url', ...marker } },
      read: (answered) => readDocument(answered, 'ListMultipartUploadsResult'),
    });
    const decode = keyDecoder(textOf(answer, 'EncodingType'), broken);
    const uploads = childrenOf(answer, 'Upload');
    for (const upload of uploads) {
      const [listedKey, uploadId] = [textOf(upload, 'Key'), textOf(upload, 'UploadId')];
      if (listedKey === undefined || uploadId === undefined) throw broken('an upload in its list has no key or no id');
      const key = decode(listedKey);
      const entry = `${uploadId}\n${key}`;
      if (seen.has(entry)) throw broken(`its list repeats the upload ${quoted(uploadId)} of ${quoted(key)}`);
      seen.add(entry);
      yield { bucket, key, uploadId, initiatedMs: timeOf(upload, 'Initiated') };
    }
    // Some stores write an empty marker where there is nothing to go on with.
    const nextKeyMarker = textOf(answer, 'NextKeyMarker') ?? '';
    const nextUploadIdMarker = textOf(answer, 'NextUploadIdMarker') ?? '';
    if (!(flagOf(answer, 'IsTruncated') ?? (nextKeyMarker !== '' && uploads.length > 0))) return;
    if (nextKeyMarker === '' || uploads.length === 0) {
      throw broken('it says that there is more, but lists nothing or not where to go on');
    }
    const uploadIdMarker = nextUploadIdMarker === '' ? {} : { 'upload-id-marker': nextUploadIdMarker };
    marker = { 'key-marker': decode(nextKeyMarker), ...uploadIdMarker };
  }
}
