import type { KeyObject } from 'node:crypto';
import { sha256 } from '../crypto/sha256.ts';
import { throwIfAborted } from '../errors.ts';
import { untilAborted } from '../flow/until-aborted.ts';
import { textBytes, toHex } from '../format/bytes.ts';
import type { KmsRecipient } from '../format/header-fields.ts';
import { u16 } from '../format/little-endian.ts';
import type { Identity } from './identity.ts';
import { askKms, defaultKmsTimeoutMs, type KmsClient, kekContext, kekOf, requireArn } from './kms-client.ts';
import { unwrapDataKey } from './wrap.ts';

export interface KmsIdentityOptions {
  /** How long an unwrapped KEK is kept: 5 minutes unless told, 0 to ask each time. */
  readonly maxAgeMs?: number;
  /** How many are kept: 1,000 unless told. The one that was not used for the longest time goes first. */
  readonly maxEntries?: number;
  /** How long one call may take: 10 s unless told. */
  readonly timeoutMs?: number;
  /** A clock that only runs forward. */
  readonly nowMs?: () => number;
}

interface KeptKek {
  readonly key: KeyObject;
  readonly bornMs: number;
}

/**
 * Opens what was sealed for keys of a key service. Only the keys named here are ever asked for, whatever a header
 * says; what was unwrapped is kept for these keys and blobs alone, and shared with no other identity.
 *
 * @param keyArns the keys that this reader is configured with, as they stand in headers
 * @throws SealpartError `bad-key` for an ARN that no header can hold
 */
export function kmsIdentity(client: KmsClient, keyArns: readonly string[], options: KmsIdentityOptions = {}): Identity {
  for (const arn of keyArns) requireArn(arn);
  // §1.27: a name that stands in a header alone is never asked with; §1.28: answers are kept by key and blob, for a time.
  const configured = new Set(keyArns);
  const { maxAgeMs = 300_000, maxEntries = 1000, timeoutMs = defaultKmsTimeoutMs } = options;
  const nowMs = options.nowMs ?? (() => performance.now());
  const kept = new Map<string, KeptKek>();
  // Readers that want the same KEK at the same time share one call, which none of them cancels.
  const asked = new Map<string, Promise<KeyObject>>();

  function keptKek(name: string): KeyObject | undefined {
    const found = kept.get(name);
    if (found === undefined) return undefined;
    kept.delete(name);
    if (nowMs() - found.bornMs >= maxAgeMs) return undefined;
    kept.set(name, found);
    return found.key;
  }

  function keep(name: string, key: KeyObject, bornMs: number): void {
    kept.delete(name);
    kept.set(name, { key, bornMs });
    for (const oldest of kept.keys()) {
      if (kept.size <= maxEntries) break;
      kept.delete(oldest);
    }
  }

  function ask(name: string, field: KmsRecipient): Promise<KeyObject> {
    const underWay = asked.get(name);
    if (underWay !== undefined) return underWay;
    const call = askKms(field.keyArn, timeoutMs, (signal) =>
      client.decrypt(field.keyArn, field.ciphertextBlob, kekContext, signal),
    )
      .then((plaintext) => kekOf(field.keyArn, plaintext))
      .finally(() => asked.delete(name));
    asked.set(name, call);
    return call;
  }

  return {
    kind: 'kms',
    symmetric: false,
    addressed: (field) => field.kind === 'kms' && configured.has(field.keyArn),
    async open(field, context, signal) {
      throwIfAborted(signal);
      if (field.kind !== 'kms' || !configured.has(field.keyArn)) return undefined;
      const name = nameOf(field);
      const known = keptKek(name);
      if (known !== undefined) return unwrapDataKey('kms', known, field.nonce, field.wrapped, context);
      const bornMs = nowMs();
      const kek = await untilAborted(ask(name, field), signal);
      const dataKey = unwrapDataKey('kms', kek, field.nonce, field.wrapped, context);
      // A KEK that opened nothing is not kept: a wrong answer of the service would shut out good streams for minutes.
      if (dataKey !== undefined) keep(name, kek, bornMs);
      return dataKey;
    },
  };
}

function nameOf(field: KmsRecipient): string {
  const arn = textBytes(field.keyArn);
  return toHex(sha256(u16(arn.length), arn, field.ciphertextBlob));
}
