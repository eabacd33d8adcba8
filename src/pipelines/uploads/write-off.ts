import { SealpartError } from '../../errors.ts';
import { wayOutMs } from './owned-upload.ts';
import type { UploadJournal } from './upload-journal.ts';
import type { UploadOptions } from './upload-options.ts';

/** The object stands: from here on a signal cannot undo anything, and a manifest that fails is no failure of the upload. */
export async function writeOff(
  journal: UploadJournal,
  uploads: Pick<UploadOptions, 'onEvent'> | undefined,
): Promise<void> {
  try {
    await journal.ended(AbortSignal.timeout(wayOutMs));
  } catch (error) {
    await journal.letGo();
    if (!(error instanceof SealpartError)) throw error;
    uploads?.onEvent?.({ kind: 'unrecorded', error });
  }
}
