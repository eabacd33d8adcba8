import type { KeyObject } from 'node:crypto';
import { secretKey } from '../crypto/hkdf.ts';
import { keyLength } from '../crypto/key-schedule.ts';
import { isRefusal, SealpartError } from '../errors.ts';
import { untilAborted } from '../flow/until-aborted.ts';
import { printable } from './printable.ts';

export type EncryptionContext = Readonly<Record<string, string>>;

/** A KEK in clear, and as only the service can open it again. */
export interface GeneratedDataKey {
  /** 32 bytes. Whoever receives it wipes it. */
  readonly plaintext: Uint8Array;
  /** 1 to 6,144 bytes. */
  readonly ciphertextBlob: Uint8Array;
}

/**
 * A key service with the two calls of AWS KMS that a stream needs.
 *
 * Whatever a call throws counts as `kms-unavailable`: not reached, denied, throttled. Only where the service says
 * that a blob is not of this key and context, so that no retry will help, a client throws SealpartError
 * `header-auth` itself.
 */
export interface KmsClient {
  decrypt(
    keyArn: string,
    ciphertextBlob: Uint8Array,
    encryptionContext: EncryptionContext,
    signal: AbortSignal,
  ): Promise<Uint8Array>;
  generateDataKey(keyArn: string, encryptionContext: EncryptionContext, signal: AbortSignal): Promise<GeneratedDataKey>;
}

/** docs/format.md §1.26: a blob opens for this purpose only. */
export const kekContext: EncryptionContext = Object.freeze({ sealpart: 'kek' });

export const defaultKmsTimeoutMs = 10_000;

/**
 * Makes one call, which ends after `timeoutMs` whether the client heeds its signal or not.
 *
 * @throws SealpartError `kms-unavailable`; `header-auth` if the client said so; `aborted`
 */
export async function askKms<T>(
  keyArn: string,
  timeoutMs: number,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController();
  const timer = setTimeout(() => {
    limit.abort(unavailable(keyArn, `did not answer within ${timeoutMs} ms`));
  }, timeoutMs);
  try {
    return await untilAborted(call(limit.signal), limit.signal);
  } catch (error) {
    if (isRefusal(error) || (error instanceof SealpartError && error.code === 'kms-unavailable')) throw error;
    throw unavailable(keyArn, 'did not do what it was asked', error);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * The KEK of an answer's bytes, which are wiped.
 *
 * @throws SealpartError `kms-unavailable` if they are not 32
 */
export function kekOf(keyArn: string, plaintext: Uint8Array): KeyObject {
  if (plaintext.length === keyLength) return secretKey(plaintext);
  const length = plaintext.length;
  plaintext.fill(0);
  throw unavailable(keyArn, `answered with a key of ${length} bytes, not ${keyLength}`);
}

export function unavailable(keyArn: string, what: string, cause?: unknown): SealpartError {
  return new SealpartError(
    'kms-unavailable',
    `The key service ${what} for ${printable(keyArn)}: check that it can be reached and that its policy allows this, then try again.`,
    { cause },
  );
}

/** @throws SealpartError `bad-key` for an ARN that no header can hold */
export function requireArn(keyArn: string): void {
  const length = Buffer.byteLength(keyArn);
  if (length >= 1 && length <= 2048 && keyArn.isWellFormed()) return;
  throw new SealpartError('bad-key', `The ARN of a KMS key has 1 to 2,048 bytes of text, and this one has ${length}.`);
}
