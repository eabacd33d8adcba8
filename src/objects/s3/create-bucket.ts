import { quoted } from '../directory/names.ts';
import { documentBody } from './document-body.ts';
import { dropBody } from './signed/store-answer.ts';
import type { S3Ground } from './store-ground.ts';
import { escapeText } from './xml/fields.ts';

/** The region of which AWS wants to be told by saying nothing. */
const silentRegion = 'us-east-1';

/** Makes a bucket in the store's region. */
export async function createBucket(ground: S3Ground, bucket: string, signal: AbortSignal): Promise<void> {
  await ground.caller.run(signal, {
    doing: `make the bucket ${quoted(bucket)}`,
    subject: { bucket },
    changes: true,
    request: { method: 'PUT', bucket, ...(ground.region === silentRegion ? {} : placeDocument(ground.region)) },
    read: async (answer) => {
      await dropBody(answer);
      return 'made';
    },
    settle: ({ code }, afterDoubt) => {
      // Ours already, after an attempt whose answer was lost: that attempt made it, or it makes no difference.
      return afterDoubt && code === 'BucketAlreadyOwnedByYou' ? 'made' : undefined;
    },
  });
}

function placeDocument(region: string): ReturnType<typeof documentBody> {
  const place = `<LocationConstraint>${escapeText(region)}</LocationConstraint>`;
  const namespace = 'http://s3.amazonaws.com/doc/2006-03-01/';
  return documentBody(`<CreateBucketConfiguration xmlns="${namespace}">${place}</CreateBucketConfiguration>`);
}
