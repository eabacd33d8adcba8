import type { KeyObject } from 'node:crypto';
import { freshBytes } from '../crypto/fresh-bytes.ts';
import { throwIfAborted } from '../errors.ts';
import { untilAborted } from '../flow/until-aborted.ts';
import {
  askKms,
  defaultKmsTimeoutMs,
  type KmsClient,
  kekContext,
  kekOf,
  requireArn,
  unavailable,
} from './kms-client.ts';
import { fieldPrefixLength, type Recipient } from './recipient.ts';
import { wrapDataKey } from './wrap.ts';

export interface KmsRecipientOptions {
  /** How long one KEK serves, from its generation on: 5 minutes unless told, 0 for a KEK of its own for each stream. */
  readonly maxAgeMs?: number;
  /** How many streams one KEK serves at most: 1,000 unless told. */
  readonly maxStreams?: number;
  /** How long one call may take: 10 s unless told. */
  readonly timeoutMs?: number;
  /** A clock that only runs forward. */
  readonly nowMs?: () => number;
}

/** AWS answers with less than 200 bytes; a longer blob still fits where the header has room. */
const expectedBlobLength = 512;
const maxBlobLength = 6144;

interface GeneratedKek {
  readonly key: KeyObject;
  readonly blob: Uint8Array;
  readonly bornMs: number;
  streams: number;
}

/**
 * Seals for whoever may use a key of a key service (docs/format.md §1, AWS KMS).
 *
 * @throws SealpartError `bad-key` for an ARN that no header can hold
 */
export function kmsRecipient(client: KmsClient, keyArn: string, options: KmsRecipientOptions = {}): Recipient {
  requireArn(keyArn);
  const { maxAgeMs = 300_000, maxStreams = 1000, timeoutMs = defaultKmsTimeoutMs } = options;
  const nowMs = options.nowMs ?? (() => performance.now());
  // What is at hand or on its way. Streams that begin at the same time share one call, which none of them cancels.
  let current: Promise<GeneratedKek> | undefined;

  async function generate(): Promise<GeneratedKek> {
    const bornMs = nowMs();
    const answer = await askKms(keyArn, timeoutMs, (signal) => client.generateDataKey(keyArn, kekContext, signal));
    const key = kekOf(keyArn, answer.plaintext);
    const length = answer.ciphertextBlob.length;
    if (length < 1 || length > maxBlobLength) throw unavailable(keyArn, `answered with a blob of ${length} bytes`);
    return { key, blob: answer.ciphertextBlob.slice(), bornMs, streams: 0 };
  }

  function startGenerating(): Promise<GeneratedKek> {
    const attempt = generate();
    current = attempt;
    // Whoever waits for it learns why it failed; those who come later try again.
    attempt.then(undefined, () => forget(attempt));
    return attempt;
  }

  function forget(attempt: Promise<GeneratedKek>): void {
    if (current === attempt) current = undefined;
  }

  async function takeKek(signal: AbortSignal): Promise<GeneratedKek> {
    for (;;) {
      const shared = current;
      const attempt = shared ?? startGenerating();
      const kek = await untilAborted(attempt, signal);
      // Whoever had it generated may use it at any age: it is as new as it can be.
      const young = shared === undefined || nowMs() - kek.bornMs < maxAgeMs;
      if (young && kek.streams < Math.max(maxStreams, 1)) {
        kek.streams += 1;
        return kek;
      }
      forget(attempt);
    }
  }

  return {
    kind: 'kms',
    fieldLengthBytes: fieldPrefixLength + 2 + Buffer.byteLength(keyArn) + 2 + expectedBlobLength + 60,
    opens: (field) => field.kind === 'kms' && field.keyArn === keyArn,
    async seal(dataKey, context, signal) {
      throwIfAborted(signal);
      const kek = await takeKek(signal);
      const nonce = freshBytes(12);
      const wrapped = wrapDataKey('kms', kek.key, nonce, dataKey, context);
      return { kind: 'kms', keyArn, ciphertextBlob: kek.blob, nonce, wrapped };
    },
  };
}
