import type { PartRecord } from '../../crypto/manifest-records.ts';
import type { StreamToWrite } from '../seal-stream.ts';

/** What an upload writes down of itself, each step before the next one is taken. */
export interface UploadJournal {
  /** True if another run can go on from what was written down. */
  readonly resumable: boolean;
  /** Fires when the upload is not this run's any more. */
  readonly lost: AbortSignal;
  /** Before the store is asked for an upload. */
  begin(stream: StreamToWrite, signal: AbortSignal): Promise<void>;
  created(uploadId: string, signal: AbortSignal): Promise<void>;
  /** A part is committed when this has resolved, and not before. */
  stored(part: PartRecord, signal: AbortSignal): Promise<void>;
  /** Takes a part back. */
  dropped(partNumber: number, signal: AbortSignal): Promise<void>;
  /** Before Complete is sent. */
  completing(signal: AbortSignal): Promise<void>;
  /** The upload is still there, and parts are sent to it again. */
  reopened(signal: AbortSignal): Promise<void>;
  aborting(signal: AbortSignal): Promise<void>;
  /** Nothing is left to do for anybody. */
  ended(signal: AbortSignal): Promise<void>;
  /** The run ends here, and another one may go on. Never called after `ended`. */
  left(signal: AbortSignal): Promise<void>;
  /** The upload is another run's: stops without a word. */
  letGo(): Promise<void>;
}

const never = new AbortController().signal;
const nothing = (): Promise<void> => Promise.resolve();

/** For uploads that end with their run. */
export const noJournal: UploadJournal = {
  resumable: false,
  lost: never,
  begin: nothing,
  created: nothing,
  stored: nothing,
  dropped: nothing,
  completing: nothing,
  reopened: nothing,
  aborting: nothing,
  ended: nothing,
  left: nothing,
  letGo: nothing,
};
