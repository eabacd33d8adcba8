import { SealpartError } from '../../errors.ts';
import type { UploadName } from '../../objects/object-store.ts';

/** The store does not know an upload any more: it was aborted, by a lifecycle rule or by somebody, or completed. */
export class UploadGone extends SealpartError {
  constructor({ bucket, key, uploadId }: UploadName, cause: unknown) {
    super('not-found', `The store has no upload ${uploadId} of ${bucket}/${key} any more. Put it again.`, { cause });
  }
}

/**
 * The store's word that an upload is not there. A bucket that is not there says nothing of the uploads in it: it may be
 * away for a moment, or another deployment's.
 */
export function isUploadMissing(error: unknown): boolean {
  return error instanceof SealpartError && error.code === 'not-found' && error.missing !== 'bucket';
}

/** An upload has ended, and not by making our object: its name now belongs to whoever wrote there. */
export class UploadOvertaken extends SealpartError {
  constructor({ bucket, key, uploadId }: UploadName, cause?: unknown) {
    super(
      'conflict',
      `The store has no upload ${uploadId} any more, and what stands at ${bucket}/${key} is not what it was to make: ` +
        'somebody else completed or aborted it, or has written there since. Look at what stands there; put again to ' +
        'begin anew.',
      { cause },
    );
  }
}

/** The store wants an upload to begin anew, because another write was in its way. */
export class UploadRefused extends SealpartError {
  constructor({ bucket, key, uploadId }: UploadName) {
    super('conflict', `Another write to ${bucket}/${key} was in the way of the upload ${uploadId}. Put it again.`);
  }
}
