import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { PartRecord } from '../../crypto/manifest-records.ts';
import { SealpartError } from '../../errors.ts';
import type {
  NewUpload,
  UploadChange,
  UploadClaim,
  UploadItem,
  UploadLock,
  UploadManifest,
} from '../../manifest/upload-manifest.ts';
import { objectText } from '../object-text.ts';
import type { UploadOptions } from './upload-options.ts';

const defaultLeaseMs = 60_000;
/** Shorter, and the manifest would be busy with it; longer, and nobody would wait for its end. */
const leaseRangeMs = { least: 100, most: 86_400_000 };

/** Bounds what the way out of a failed upload may take. */
export const wayOutMs = 30_000;

/** The parts of the options that ownership depends on, with their defaults in place. */
export interface Ownership {
  readonly manifest: UploadManifest;
  readonly owner: string;
  readonly leaseMs: number;
  readonly clock: () => number;
  readonly takeOver: boolean;
  /** True to leave an upload alone whose owner's lock is held, also when its lease is over. */
  readonly sparesLocked?: boolean;
}

/** @throws SealpartError `bad-parameters` for a lease or a clock that is none */
export function ownershipOf(options: UploadOptions): Ownership {
  const { leaseMs = defaultLeaseMs, clock = Date.now } = options;
  const isLease = Number.isSafeInteger(leaseMs) && leaseMs >= leaseRangeMs.least && leaseMs <= leaseRangeMs.most;
  if (!isLease || !Number.isSafeInteger(clock())) {
    throw new SealpartError(
      'bad-parameters',
      `A lease lasts ${leaseRangeMs.least} to ${leaseRangeMs.most} whole milliseconds, by a clock of whole milliseconds.`,
    );
  }
  return {
    manifest: options.manifest,
    owner: options.owner ?? `${hostname()}/${process.pid}/${randomBytes(4).toString('hex')}`,
    leaseMs,
    clock,
    takeOver: options.takeOver === true,
  };
}

/**
 * An upload that this run owns: its head item under one epoch. The lease is prolonged while the run lives; if that
 * fails for good, `lost` fires and the run has to stop. It may still send parts until it notices, which harms nothing:
 * what the object is made of is decided by head items under the newest epoch.
 */
export class OwnedUpload {
  readonly #ownership: Ownership;
  readonly #lock: UploadLock | undefined;
  readonly #lost = new AbortController();
  readonly #heartbeat: NodeJS.Timeout;
  #item: UploadItem;
  #beat: Promise<void> | undefined;

  private constructor(ownership: Ownership, item: UploadItem, lock: UploadLock | undefined) {
    this.#ownership = ownership;
    this.#item = item;
    this.#lock = lock;
    this.#heartbeat = setInterval(() => {
      this.#beat ??= this.#prolong().finally(() => {
        this.#beat = undefined;
      });
    }, ownership.leaseMs / 3).unref();
  }

  /** Enters a new upload. The lock comes first, so that nobody takes its owner for dead. */
  static async create(ownership: Ownership, upload: NewUpload, signal: AbortSignal): Promise<OwnedUpload> {
    const lock = heldLock(await ownership.manifest.lock(upload.id, firstEpoch));
    try {
      const now = ownership.clock();
      return new OwnedUpload(ownership, await ownership.manifest.create(upload, claimOf(ownership), now, signal), lock);
    } catch (error) {
      lock?.release();
      throw error;
    }
  }

  /**
   * Takes an upload over from an owner whose lease has run out, who is provably dead, or whom the caller overrides.
   *
   * @throws SealpartError `owned` if its owner is alive, or another newcomer was faster
   */
  static async takeOver(ownership: Ownership, item: UploadItem, signal: AbortSignal): Promise<OwnedUpload> {
    const { manifest, clock } = ownership;
    const { id, epoch } = item;
    const answer = await manifest.lock(id, epoch);
    const proof = heldLock(answer);
    let own: UploadLock | undefined;
    try {
      // What was listed may be long ago; and a lock says nothing before the head was read.
      const head = await manifest.find(id, signal);
      if (head === undefined) throw noLongerThere(item);
      const now = clock();
      if (head.epoch !== epoch || !isFree(head, answer, ownership, now)) throw ownedByAnother(head, now);
      const next = await manifest.lock(id, epoch + 1);
      if (next === undefined) throw ownedByAnother(head, now);
      own = heldLock(next);
      return new OwnedUpload(ownership, await manifest.takeOver(id, epoch, claimOf(ownership), now, signal), own);
    } catch (error) {
      own?.release();
      throw error;
    } finally {
      proof?.release();
    }
  }

  get item(): UploadItem {
    return this.#item;
  }

  /** Fires with an `owned` or `manifest` error when the upload is not this run's any more. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  async change(change: UploadChange, signal: AbortSignal): Promise<void> {
    const { manifest, clock, leaseMs } = this.#ownership;
    const now = clock();
    const prolonged = { leaseUntilMs: now + leaseMs, ...change };
    const { id, epoch } = this.#item;
    this.#item = await this.#whileOwned(() => manifest.change(id, epoch, prolonged, now, signal));
  }

  async putPart(part: PartRecord, mac: Uint8Array, signal: AbortSignal): Promise<void> {
    const { id, epoch } = this.#item;
    await this.#whileOwned(() => this.#ownership.manifest.putPart(id, { ...part, mac, epoch }, signal));
  }

  async removePart(partNumber: number, signal: AbortSignal): Promise<void> {
    const { id, epoch } = this.#item;
    await this.#whileOwned(() => this.#ownership.manifest.removePart(id, partNumber, epoch, signal));
  }

  /** Forgets an upload that has ended, and lets go of it. */
  async forget(signal: AbortSignal): Promise<void> {
    await this.#stopBeating();
    try {
      await this.#ownership.manifest.remove(this.#item.id, this.#item.epoch, signal);
    } finally {
      // Not before: in between, another run would find an upload without an owner.
      this.#lock?.release();
    }
  }

  /** Gives the lease back, so that the next run need not wait for its end. */
  async giveBack(signal: AbortSignal): Promise<void> {
    await this.#stopBeating();
    try {
      if (!this.#lost.signal.aborted) await this.change({ leaseUntilMs: 0 }, signal);
    } finally {
      await this.letGo();
    }
  }

  /** Stops what keeps the upload, without a word to the manifest. */
  async letGo(): Promise<void> {
    await this.#stopBeating();
    this.#lock?.release();
  }

  async #stopBeating(): Promise<void> {
    clearInterval(this.#heartbeat);
    await this.#beat;
  }

  /** An upload that is not there any more was ended by another run that took it over. */
  async #whileOwned<T>(write: () => Promise<T>): Promise<T> {
    try {
      return await write();
    } catch (error) {
      if (!(error instanceof SealpartError) || error.code !== 'not-found') throw error;
      const { id, bucket, key } = this.#item;
      throw new SealpartError('owned', `Another process took over the upload ${id} to ${bucket}/${key} and ended it.`, {
        cause: error,
      });
    }
  }

  /** Never rejects: what fails for good fires `lost`. */
  async #prolong(): Promise<void> {
    const { clock, leaseMs } = this.#ownership;
    try {
      await this.change({}, AbortSignal.timeout(leaseMs));
    } catch (error) {
      const isTaken = error instanceof SealpartError && error.code === 'owned';
      // A manifest that is locked for a moment is asked again at the next beat, as long as the lease lasts.
      if (isTaken || clock() >= this.#item.leaseUntilMs) this.#lost.abort(error);
    }
  }
}

const firstEpoch = 1;

function isFree(
  { leaseUntilMs }: UploadItem,
  answer: UploadLock | 'unknown' | undefined,
  { takeOver, sparesLocked }: Ownership,
  nowMs: number,
): boolean {
  if (takeOver || heldLock(answer) !== undefined) return true;
  return leaseUntilMs <= nowMs && !(answer === undefined && sparesLocked === true);
}

function noLongerThere({ id, bucket, key }: UploadItem): SealpartError {
  return new SealpartError('not-found', `The upload ${id} to ${bucket}/${key} has ended meanwhile.`);
}

function claimOf({ owner, leaseMs, clock }: Ownership): UploadClaim {
  return { owner, leaseUntilMs: clock() + leaseMs };
}

function heldLock(answer: UploadLock | 'unknown' | undefined): UploadLock | undefined {
  return answer === 'unknown' ? undefined : answer;
}

function ownedByAnother(item: UploadItem, nowMs: number): SealpartError {
  const seconds = Math.max(1, Math.ceil((item.leaseUntilMs - nowMs) / 1000));
  return new SealpartError(
    'owned',
    `${item.owner} is uploading to ${objectText(item)} (upload ${item.id}) and may be alive: wait for it to end, or ` +
      `${seconds} s for its lease to run out, or take the upload over.`,
  );
}
