import { type ErrorCode, SealpartError } from '../../errors.ts';
import { abortStoredUpload } from './abort-stored-upload.ts';
import { wayOutMs } from './owned-upload.ts';
import type { PartSender, UploadTarget } from './part-sender.ts';
import { SourceDiffers } from './source-differs.ts';
import type { UploadJournal } from './upload-journal.ts';

/** After these, going on with the same upload would fail again, or mix what must not be mixed. */
const hopeless: ReadonlySet<ErrorCode> = new Set([
  'source-changed',
  'precondition',
  'conflict',
  'invalid-part',
  'not-found',
  'exists',
  'bad-name',
]);

/** The store's word that it made no upload, as against a word that never came. */
const definitive: ReadonlySet<ErrorCode> = new Set(['denied', 'not-found', 'bad-name', 'bad-parameters']);

/**
 * The way out of a run that failed: leaves the upload to the next run, or aborts it if none could go on with it.
 *
 * @returns what to throw: the error, with what else went wrong on the way out
 */
export async function leaveUpload(
  error: unknown,
  target: UploadTarget,
  journal: UploadJournal,
  sender: PartSender,
): Promise<unknown> {
  const code = error instanceof SealpartError ? error.code : undefined;
  // Not the run's own signal: that one may be what ended the run.
  const signal = AbortSignal.timeout(wayOutMs);
  const upload = await sender.upload();
  if (code === 'owned' || journal.lost.aborted) {
    await journal.letGo();
    return error;
  }
  try {
    if (upload === undefined) {
      await (code !== undefined && definitive.has(code) ? journal.ended(signal) : journal.left(signal));
    } else if (journal.resumable && !isHopeless(error)) {
      await journal.left(signal);
    } else {
      await journal.aborting(signal);
      await abortStoredUpload(target.store, upload, signal);
      await journal.ended(signal);
    }
    return error;
  } catch (second) {
    await journal.letGo();
    // What failed may have failed because another run has the upload: then that is what happened.
    if (second instanceof SealpartError && second.code === 'owned') return second;
    return withSecond(error, second, upload?.uploadId, target);
  }
}

function isHopeless(error: unknown): boolean {
  if (!(error instanceof SealpartError) || error instanceof SourceDiffers) return false;
  // A bucket that is away may come back, with all that was sent.
  return hopeless.has(error.code) && error.missing !== 'bucket';
}

function withSecond(error: unknown, second: unknown, uploadId: string | undefined, { object }: UploadTarget): unknown {
  const reason = error instanceof Error ? error.message : String(error);
  const besides = second instanceof Error ? second.message : String(second);
  const where = `the upload ${uploadId ?? ''} of ${object.bucket}/${object.key}`.replace('  ', ' ');
  return new SealpartError(
    error instanceof SealpartError ? error.code : 'store',
    `${reason} Besides, ${where} could not be put in order (${besides.replace(/\.$/, '')}): its parts take room until ` +
      'it is completed or aborted.',
    { cause: new AggregateError([error, second]) },
  );
}
