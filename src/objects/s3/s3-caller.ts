import type { S3Client } from '@aws-sdk/client-s3';
import { abortError, SealpartError, throwIfAborted } from '../../errors.ts';
import { untilAborted } from '../../flow/until-aborted.ts';
import { quoted } from '../directory/names.ts';
import type { AdaptiveLimit, RequestSlot } from './adaptive-limit.ts';
import { type BackoffRules, backoffMs, parseRetryAfter, pause } from './backoff.ts';
import { type Failure, oneLine, readFailure } from './failure.ts';
import { linkSignals } from './linked-signal.ts';
import type { RegionalClients } from './regional-clients.ts';
import type { RetryBudget } from './retry-budget.ts';
import { isCorruption, isTimeout, mayHaveHappened, regionOf, remedyFor } from './retry-policy.ts';
import type { SigningIdentity } from './signed/sign-request.ts';
import type { SignedSender, StoreRequest } from './signed/signed-sender.ts';
import type { StoreAnswer } from './signed/store-answer.ts';
import { type FailedCall, type Subject, storeError } from './store-error.ts';

/** What all calls to one store share. */
export interface CallerGround {
  readonly storeName: string;
  readonly clients: RegionalClients;
  readonly sender: SignedSender;
  readonly budget: RetryBudget;
  readonly limit: AdaptiveLimit;
  readonly backoff: BackoffRules;
  readonly maxAttempts: number;
  readonly random: () => number;
  /** Where the credentials were to come from, if the caller has named it. */
  readonly profile?: string | undefined;
}

/** One request, as often as it has to be sent. */
export interface S3Call<T> {
  /** Completes the sentence "the store could not …". */
  readonly doing: string;
  readonly subject: Subject;
  /** True if it changes what is stored, so that it matters whether it was done when its answer is lost. */
  readonly changes: boolean;
  /** True if doing it twice leaves something behind: it is not sent again where it may have been done. */
  readonly once?: boolean;
  readonly request: StoreRequest;
  /** Reads the answer. A RefusedAnswer says what is wrong with it: it is tried again like any other failure. */
  read(answer: StoreAnswer): Promise<T>;
  /** What stands for an answer when the store says this, after an attempt whose answer was lost or not. */
  settle?(failure: Failure, afterDoubt: boolean): T | undefined;
}

/** What has happened to a call so far. */
interface Progress {
  attempts: number;
  doubt: boolean;
  corrected: Set<'clock' | 'expired'>;
  redirects: number;
  lastCost: number;
}

/** A bucket is in one region; an answer that names another one every time is not followed for ever. */
const maxRedirects = 2;
/** A checksum that is wrong for the third time was wrong before the bytes were sent. */
const maxCorruptAttempts = 3;

/** Sends requests to a store: bounds how many are in flight, and tries again what may go well another time. */
export class S3Caller {
  readonly #ground: CallerGround;
  readonly #closing = new AbortController();
  #running = 0;
  #attempts = 0;
  #idle: PromiseWithResolvers<void> | undefined;

  constructor(ground: CallerGround) {
    this.#ground = ground;
  }

  /** How many requests were sent. */
  get attempts(): number {
    return this.#attempts;
  }

  /**
   * @throws SealpartError as the store's answer says, `aborted`, `store` if the store was closed
   */
  async run<T>(signal: AbortSignal, call: S3Call<T>): Promise<T> {
    throwIfAborted(signal);
    if (this.#closing.signal.aborted) {
      throw new SealpartError('store', `${this.#ground.storeName} could not ${call.doing}: it was closed.`);
    }
    const linked = linkSignals(signal, this.#closing.signal);
    this.#running += 1;
    try {
      return await this.#attemptAll(call, linked.signal);
    } finally {
      linked.unlink();
      this.#running -= 1;
      if (this.#running === 0) this.#idle?.resolve();
    }
  }

  async #attemptAll<T>(call: S3Call<T>, signal: AbortSignal): Promise<T> {
    this.#ground.budget.beginCall();
    const progress: Progress = { attempts: 0, doubt: false, corrected: new Set(), redirects: 0, lastCost: 0 };
    for (;;) {
      const outcome = await this.#attempt(call, signal, progress);
      if ('answer' in outcome) {
        this.#ground.budget.giveBack(progress.lastCost);
        return outcome.answer;
      }
      await this.#prepareRetry(call, outcome, progress, signal);
    }
  }

  async #attempt<T>(call: S3Call<T>, signal: AbortSignal, progress: Progress): Promise<{ answer: T } | Failure> {
    const client = this.#ground.clients.forBucket(call.subject.bucket);
    const slot = await this.#ground.limit.enter(signal);
    try {
      const identity = await this.#loadCredentials(client, false, signal);
      progress.attempts += 1;
      this.#attempts += 1;
      const answer = await call.read(await this.#ground.sender.send(client, identity, call.request, signal));
      slot.succeeded();
      return { answer };
    } catch (error) {
      // The error of a request that was cancelled may be any: what counts is that it was.
      if (signal.aborted) throw abortError(signal);
      return this.#judge(call, error, slot, progress);
    } finally {
      slot.leave();
    }
  }

  #judge<T>(call: S3Call<T>, error: unknown, slot: RequestSlot, progress: Progress): { answer: T } | Failure {
    if (error instanceof SealpartError) throw error;
    const failure = readFailure(error);
    if (failure === undefined) throw error;
    if (remedyFor(failure) === 'throttled') slot.throttled();
    const answer = call.settle?.(failure, progress.doubt);
    return answer === undefined ? failure : { answer };
  }

  /** Returns when the call may be sent again; throws if it may not. */
  async #prepareRetry<T>(call: S3Call<T>, failure: Failure, progress: Progress, signal: AbortSignal): Promise<void> {
    const { budget, backoff, maxAttempts, random } = this.#ground;
    const remedy = remedyFor(failure);
    const fail = (gaveUp?: string) => storeError(failure, this.#failedCall(call, progress, failure, gaveUp));
    if (remedy === 'final') throw fail();
    if (remedy === 'redirect') {
      const region = regionOf(failure);
      progress.redirects += 1;
      const isNew = region !== undefined && this.#ground.clients.learn(call.subject.bucket, region);
      if (!isNew || progress.redirects > maxRedirects) throw fail();
      return;
    }
    if (remedy === 'clock' || remedy === 'expired') {
      // The store's Date was noted already: the next request is signed by that time.
      if (progress.corrected.has(remedy)) throw fail();
      progress.corrected.add(remedy);
      if (remedy === 'expired') {
        await this.#loadCredentials(this.#ground.clients.forBucket(call.subject.bucket), true, signal);
      }
      return;
    }
    if (call.once === true && remedy !== 'throttled' && mayHaveHappened(failure)) {
      throw fail('not tried again because it may have been done');
    }
    const most = isCorruption(failure) ? Math.min(maxAttempts, maxCorruptAttempts) : maxAttempts;
    if (progress.attempts >= most) throw fail();
    const cost = budget.takeRetry(isTimeout(failure));
    if (cost === undefined) throw fail('not tried again because too many requests fail');
    progress.lastCost = cost;
    progress.doubt ||= mayHaveHappened(failure);
    const retryAfterMs = parseRetryAfter(failure.headers['retry-after'], Date.now());
    await pause(backoffMs(backoff, progress.attempts, retryAfterMs, random), signal);
  }

  #failedCall(call: S3Call<unknown>, progress: Progress, failure: Failure, gaveUp: string | undefined): FailedCall {
    return {
      storeName: this.#ground.storeName,
      doing: call.doing,
      subject: call.subject,
      attempts: progress.attempts,
      mayHaveHappened: call.changes && (progress.doubt || mayHaveHappened(failure)),
      ...(gaveUp === undefined ? {} : { gaveUp }),
    };
  }

  async #loadCredentials(client: S3Client, forceRefresh: boolean, signal: AbortSignal): Promise<SigningIdentity> {
    try {
      return await untilAborted(client.config.credentials({ forceRefresh }), signal);
    } catch (error) {
      if (signal.aborted) throw abortError(signal);
      throw credentialsError(error, this.#ground);
    }
  }

  /** Loads the credentials for the first time. */
  async checkCredentials(signal: AbortSignal): Promise<void> {
    await this.#loadCredentials(this.#ground.clients.home, false, signal);
  }

  /** Cancels what runs, and resolves when all of it has ended. */
  async close(): Promise<void> {
    if (!this.#closing.signal.aborted) {
      this.#closing.abort(new SealpartError('aborted', `${this.#ground.storeName} was closed while it was at work.`));
    }
    if (this.#running === 0) return;
    this.#idle ??= Promise.withResolvers();
    await this.#idle.promise;
  }
}

function credentialsError(error: unknown, { storeName, profile }: CallerGround): SealpartError {
  const reason = error instanceof Error ? oneLine(error.message).replace(/[.\s]+$/, '') : 'unknown reason';
  const what = `${storeName} cannot be used: there are no credentials for it (${reason})`;
  const todo =
    profile === undefined
      ? 'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, name a profile, or log in again'
      : `look at the profile ${quoted(profile)} in the configuration of AWS, or log in again`;
  return new SealpartError('denied', `${what}; ${todo}.`, { cause: error });
}
