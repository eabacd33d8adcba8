import { type KeyObject, scrypt } from 'node:crypto';
import { freshBytes } from '../crypto/fresh-bytes.ts';
import { secretKey } from '../crypto/hkdf.ts';
import { keyLength } from '../crypto/key-schedule.ts';
import { SealpartError, throwIfAborted } from '../errors.ts';
import { untilAborted } from '../flow/until-aborted.ts';
import { concatBytes, textBytes } from '../format/bytes.ts';
import { scryptLog2NRange } from '../format/header-fields.ts';
import type { Identity } from './identity.ts';
import { fieldPrefixLength, type Recipient } from './recipient.ts';
import { unwrapDataKey, wrapDataKey } from './wrap.ts';

const saltLabel = textBytes('sealpart/2 scrypt');
const r = 8;
const p = 1;

/** The least and the usual cost at which this library seals (docs/format.md §1): 128 MiB, some tenths of a second (docs/format.md §1.24). */
export const writerLog2N = 17;

export interface PassphraseRecipientOptions {
  /** scrypt takes 2^log2N KiB of memory, once, and time in proportion: 17 (the default) to 20. */
  readonly log2N?: number;
}

export interface PassphraseIdentityOptions {
  /**
   * The most that a header may ask for: 10 to 20, 20 unless told. A server, which reads headers of strangers, takes
   * 17 (docs/format.md §1).
   */
  readonly maxLog2N?: number;
}

/** What scrypt takes for a cost of 2^log2N with r = 8, while it runs. */
export function scryptMemoryBytes(log2N: number): number {
  return 2 ** (log2N + 10);
}

/**
 * Seals for whoever knows a passphrase.
 *
 * @throws SealpartError `bad-key` for an empty passphrase, RangeError for a cost out of range
 */
export function passphraseRecipient(passphrase: string, options: PassphraseRecipientOptions = {}): Recipient {
  const log2N = options.log2N ?? writerLog2N;
  requireLog2N('log2N', log2N, writerLog2N);
  const secret = passphraseKey(passphrase);
  return {
    kind: 'passphrase',
    fieldLengthBytes: fieldPrefixLength + 79,
    opens: (field) => field.kind === 'passphrase',
    memoryBytes: scryptMemoryBytes(log2N),
    async seal(dataKey, context, signal) {
      const salt = freshBytes(16);
      const nonce = freshBytes(12);
      const kek = await stretch(secret, salt, log2N, signal);
      const wrapped = wrapDataKey('passphrase', kek, nonce, dataKey, context);
      return { kind: 'passphrase', log2N, salt, nonce, wrapped };
    },
  };
}

/**
 * Opens what was sealed for a passphrase.
 *
 * @throws SealpartError `bad-key` for an empty passphrase, RangeError for a limit out of range
 */
export function passphraseIdentity(passphrase: string, options: PassphraseIdentityOptions = {}): Identity {
  const maxLog2N = options.maxLog2N ?? scryptLog2NRange.most;
  requireLog2N('maxLog2N', maxLog2N, scryptLog2NRange.least);
  const secret = passphraseKey(passphrase);
  return {
    kind: 'passphrase',
    symmetric: true,
    addressed: (field) => field.kind === 'passphrase',
    async open(field, context, signal) {
      if (field.kind !== 'passphrase') return undefined;
      // §1.25.
      if (field.log2N > maxLog2N) throw tooCostly(field.log2N, maxLog2N);
      const kek = await stretch(secret, field.salt, field.log2N, signal);
      return unwrapDataKey('passphrase', kek, field.nonce, field.wrapped, context);
    },
  };
}

/** §1: NFC, so that a passphrase typed on another system is the same one. */
function passphraseKey(passphrase: string): KeyObject {
  if (passphrase.length === 0) {
    throw new SealpartError('bad-key', 'The passphrase is empty: give one that is not, or another kind of key.');
  }
  if (!passphrase.isWellFormed()) {
    throw new SealpartError(
      'bad-key',
      'The passphrase is not valid Unicode text, so that it cannot be written as UTF-8.',
    );
  }
  return secretKey(textBytes(passphrase.normalize('NFC')));
}

function requireLog2N(name: string, value: number, least: number): void {
  if (!Number.isInteger(value) || value < least || value > scryptLog2NRange.most) {
    throw new RangeError(`${name} must be an integer from ${least} to ${scryptLog2NRange.most}, not ${value}.`);
  }
}

function tooCostly(log2N: number, maxLog2N: number): SealpartError {
  return new SealpartError(
    'header-auth',
    `The passphrase recipient asks for scrypt with N = 2^${log2N} (${2 ** (log2N - 10)} MiB of memory), and this ` +
      `reader allows 2^${maxLog2N} at most: raise maxLog2N to ${log2N} if you trust where the stream comes from.`,
  );
}

/** scrypt on a thread of the runtime's pool. A call that was aborted still runs to its end there. */
async function stretch(secret: KeyObject, salt: Uint8Array, log2N: number, signal: AbortSignal): Promise<KeyObject> {
  throwIfAborted(signal);
  const N = 2 ** log2N;
  // OpenSSL counts a little more than the 128 N r bytes of scrypt itself.
  const options = { N, r, p, maxmem: 128 * N * r + 2 ** 20 };
  // §1.22.
  const password = secret.export();
  const work = new Promise<KeyObject>((resolve, reject) => {
    scrypt(password, concatBytes(saltLabel, salt), keyLength, options, (error, derived) => {
      password.fill(0);
      if (error === null) resolve(secretKey(derived));
      else
        reject(new SealpartError('io', `scrypt with N = 2^${log2N} failed: is there memory for it?`, { cause: error }));
    });
  });
  return await untilAborted(work, signal);
}
