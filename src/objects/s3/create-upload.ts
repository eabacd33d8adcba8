import { SealpartError } from '../../errors.ts';
import { checkAttributes } from '../attribute-limits.ts';
import { objectLabel } from '../directory/names.ts';
import type { ObjectAttributes, ObjectName } from '../object-store.ts';
import { attributeHeaders } from './object-headers.ts';
import { readDocument } from './signed/read-document.ts';
import type { S3Ground } from './store-ground.ts';
import { textOf } from './xml/fields.ts';

/** Begins an upload. */
export async function createUpload(
  ground: S3Ground,
  name: ObjectName,
  attributes: ObjectAttributes,
  signal: AbortSignal,
): Promise<{ uploadId: string }> {
  const { bucket, key } = name;
  const label = objectLabel(name);
  checkAttributes(attributes, label);
  const headers = attributeHeaders(attributes, label);
  // Parts may carry a checksum only if the upload says so; of the whole object, so that completing needs none.
  const checks = { 'x-amz-checksum-algorithm': 'CRC32', 'x-amz-checksum-type': 'FULL_OBJECT' };
  const uploadId = await ground.caller.run(signal, {
    doing: `begin an upload of ${label}`,
    subject: name,
    changes: true,
    // A second upload of which only one id is known would take room for ever.
    once: true,
    request: {
      method: 'POST',
      bucket,
      key,
      query: { uploads: '' },
      headers: ground.limits.checksums ? { ...headers, ...checks } : headers,
    },
    read: async (answer) => textOf(await readDocument(answer, 'InitiateMultipartUploadResult'), 'UploadId') ?? '',
  });
  if (uploadId !== '') return { uploadId };
  throw new SealpartError('store', `${ground.name} began an upload of ${label} without giving it an id.`);
}
