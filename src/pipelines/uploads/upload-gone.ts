import { SealpartError } from '../../errors.ts';
import type { UploadName } from '../../objects/object-store.ts';

/** The store does not know an upload any more: it was aborted, by a lifecycle rule or by somebody, or completed. */
export class UploadGone extends SealpartError {
  constructor({ bucket, key, uploadId }: UploadName, cause: unknown) {
    super('not-found', `The store has no upload ${uploadId} of ${bucket}/${key} any more. Put it again.`, { cause });
  }
}

/** The store wants an upload to begin anew, because another write was in its way. */
export class UploadRefused extends SealpartError {
  constructor({ bucket, key, uploadId }: UploadName) {
    super('conflict', `Another write to ${bucket}/${key} was in the way of the upload ${uploadId}. Put it again.`);
  }
}
