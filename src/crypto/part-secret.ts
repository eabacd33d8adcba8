import type { KeyObject } from 'node:crypto';
import { assert } from '../assert.ts';
import { textBytes } from '../format/bytes.ts';
import { tagLength } from '../format/frame-header.ts';
import { u8, u32 } from '../format/little-endian.ts';
import { suites } from '../format/stream-parameters.ts';
import { nodeAead } from './aead.ts';
import { hkdfExpand } from './hkdf.ts';
import { attemptLength } from './manifest-records.ts';

const label = textBytes('sealpart/2 part secret');
const zeroNonce = new Uint8Array(12);
const noAad = new Uint8Array(0);
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** What a client's ETag and checksums of a part are kept under: they are functions of the content, hence secrets. */
export const partSecrets = { clientEtag: 1, clientChecksums: 2 } as const;
export type PartSecret = keyof typeof partSecrets;

/** Which attempt at which part a secret belongs to. */
export interface PartAttempt {
  readonly partNumber: number;
  /** 8 bytes, fresh each time the part is sealed: the key depends on them, and the nonce never changes. */
  readonly attempt: Uint8Array;
}

function secretKeyOf(manifestKey: KeyObject, which: PartSecret, part: PartAttempt): KeyObject {
  assert(part.attempt.length === attemptLength, 'an attempt has 8 bytes');
  return hkdfExpand(manifestKey, label, u8(partSecrets[which]), u32(part.partNumber), part.attempt);
}

/** Encrypts a value as a part's record stores it (docs/format.md §10.2); an absent one, the empty text, stays empty. */
export function sealPartSecret(
  manifestKey: KeyObject,
  which: PartSecret,
  part: PartAttempt,
  value: string,
): Uint8Array {
  if (value === '') return new Uint8Array(0);
  const plain = textBytes(value);
  const stored = new Uint8Array(plain.length + tagLength);
  nodeAead.encrypt(suites.aesGcm, secretKeyOf(manifestKey, which, part), zeroNonce, noAad, plain, stored);
  return stored;
}

/** The value, the empty text for an absent one, or undefined if it was not stored for this attempt. */
export function openPartSecret(
  manifestKey: KeyObject,
  which: PartSecret,
  part: PartAttempt,
  stored: Uint8Array,
): string | undefined {
  if (stored.length === 0) return '';
  const plain = nodeAead.decrypt(suites.aesGcm, secretKeyOf(manifestKey, which, part), zeroNonce, noAad, stored);
  // An empty value is never encrypted: there is one way to store each.
  return plain === undefined || plain.length === 0 ? undefined : decode(plain);
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return undefined;
  }
}
