import type { PartRecord } from '../crypto/manifest-records.ts';
import type { ObjectName } from '../objects/object-store.ts';

/**
 * Where an upload stands.
 *
 * | state | what may be in the store |
 * |---|---|
 * | `creating` | an upload that nobody knows the id of, without parts; or nothing |
 * | `open` | the upload, with any parts |
 * | `completing` | the upload, or the object, or both: its Complete may have been sent |
 * | `done` | the object |
 * | `aborting` | the upload, with any parts, which nobody completes any more |
 * | `aborted` | nothing |
 */
export const uploadStates = ['creating', 'open', 'completing', 'done', 'aborting', 'aborted'] as const;

export type UploadState = (typeof uploadStates)[number];

/** States after which nothing more happens to an upload. */
export const endedStates: readonly UploadState[] = ['done', 'aborted'];

/** Who writes an upload, and until when the others believe it without asking. */
export interface UploadClaim {
  /** A name for people, and different for each run: host, process, random digits. */
  readonly owner: string;
  /** Milliseconds since 1970. */
  readonly leaseUntilMs: number;
}

/** What is written of an upload before the store is asked for it, and never changes. */
export interface NewUpload extends ObjectName {
  /** The stream's id: 32 hexadecimal digits. */
  readonly id: string;
  /** The store, as its `name` says. */
  readonly storeName: string;
  /** All bytes of the stream header. */
  readonly streamHeader: Uint8Array;
  /** What the source was when the upload began; empty if it cannot be read again. */
  readonly sourceFingerprint: string;
  /** Where the source can be opened again: an absolute path; empty if it cannot. */
  readonly sourcePath: string;
  readonly createdMs: number;
  /** For a host that cannot open any recipient (docs/format.md §10.7). */
  readonly resumeItem?: Uint8Array;
}

/** An upload's head item. State, epoch and claim are under no MAC (docs/format.md §10). */
export interface UploadItem extends NewUpload, UploadClaim {
  readonly state: UploadState;
  /** 1 for the first owner, and one more for each that took over. */
  readonly epoch: number;
  /** The store's id of the upload; absent while it is being created. */
  readonly uploadId?: string;
  /** 32 bytes (docs/format.md §10.4), there when uploadId is. */
  readonly mac?: Uint8Array;
  readonly updatedMs: number;
}

/** What an owner changes of its upload. */
export interface UploadChange {
  readonly state?: UploadState;
  /** With its MAC: the two come together, once. */
  readonly created?: { readonly uploadId: string; readonly mac: Uint8Array };
  readonly leaseUntilMs?: number;
}

/** A part that is stored, and under which epoch it was. */
export interface PartItem extends PartRecord {
  /** 32 bytes (docs/format.md §10.1). */
  readonly mac: Uint8Array;
  readonly epoch: number;
}

export interface UploadQuery {
  readonly storeName?: string;
  readonly bucket?: string;
  readonly key?: string;
}

/** A hold on an upload that ends with the process, whatever ends that, or with the manifest's closing. */
export interface UploadLock {
  /** Safe to call more than once. */
  release(): void;
}

/**
 * What is durably done of uploads that have one writer. When a method that writes has resolved, its effect survives a
 * loss of power; if it failed or was cancelled, it may have happened, but never by half.
 *
 * Writes are conditional on single items, so that a table in a database of another kind can follow. All methods fail
 * with SealpartError: `owned` where the item's epoch is not the caller's any more, `not-found` where there is no such
 * upload, `exists`, `manifest` if the database fails or was closed, `manifest-corrupt` if an item cannot be what was
 * written, `aborted`. MACs are their reader's to check: a manifest has no keys. An id that is not one, a text that is
 * not well-formed Unicode and a time that is no integer are refused with a RangeError.
 */
export interface UploadManifest {
  /** What to call it in messages: `sqlite:/home/ada/.local/state/sealpart/manifest.db`. */
  readonly name: string;

  /**
   * Enters an upload in state `creating` and epoch 1.
   *
   * @throws SealpartError `exists`
   */
  create(upload: NewUpload, claim: UploadClaim, nowMs: number, signal: AbortSignal): Promise<UploadItem>;
  /** Reads what was written last, never an older state. */
  find(id: string, signal: AbortSignal): Promise<UploadItem | undefined>;
  /**
   * In the order of their creation, oldest first. Entries that are damaged are left out, and the first of them is told
   * of, as `manifest-corrupt`, after all the others were given.
   */
  list(query: UploadQuery, signal: AbortSignal): AsyncIterable<UploadItem>;
  /**
   * Changes the head if its epoch is still `epoch`. Which states may follow which is its owner's to know, but nothing
   * follows an ended one.
   */
  change(id: string, epoch: number, change: UploadChange, nowMs: number, signal: AbortSignal): Promise<UploadItem>;
  /** Gives the upload to another owner, with the next epoch, if its epoch is still `epoch`. */
  takeOver(id: string, epoch: number, claim: UploadClaim, nowMs: number, signal: AbortSignal): Promise<UploadItem>;
  /**
   * Enters a part if there is none of its number, or one whose epoch is not above this one's. Where the upload is gone,
   * it fails with `not-found`, or what it enters is never seen. A part whose entry is damaged is entered anew.
   */
  putPart(id: string, part: PartItem, signal: AbortSignal): Promise<void>;
  /** Forgets a part, if its epoch is not above `epoch`. One that is not there is no error. */
  removePart(id: string, partNumber: number, epoch: number, signal: AbortSignal): Promise<void>;
  /** The parts that were entered, ascending by number; none for an upload that is not there. */
  parts(id: string, signal: AbortSignal): AsyncIterable<PartItem>;
  /** Forgets an upload and its parts, if its epoch is still `epoch`. One that is not there is no error. */
  remove(id: string, epoch: number, signal: AbortSignal): Promise<void>;

  /**
   * Locks one epoch of an upload for as long as this process lives. An owner takes the lock of its epoch before it writes
   * that epoch, so that whoever gets the lock of an epoch knows that its owner is gone, which a lease cannot tell.
   *
   * Whoever has taken it must read the head before anything else: of an upload that has ended or was removed, several
   * may be given the lock.
   *
   * @returns undefined if a process that lives holds it; `unknown` if this manifest cannot tell who lives
   */
  lock(id: string, epoch: number): Promise<UploadLock | 'unknown' | undefined>;

  /** Waits for writes under way and gives up all locks. Safe to call more than once. */
  close(): Promise<void>;
}
