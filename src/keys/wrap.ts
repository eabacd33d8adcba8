import type { KeyObject } from 'node:crypto';
import { nodeAead } from '../crypto/aead.ts';
import { hkdfExpand, hkdfExtract, secretKey } from '../crypto/hkdf.ts';
import { keyLength } from '../crypto/key-schedule.ts';
import { concatBytes, textBytes } from '../format/bytes.ts';
import { tagLength } from '../format/frame-header.ts';
import { fieldTypes } from '../format/header-fields.ts';
import { u8 } from '../format/little-endian.ts';
import { suites } from '../format/stream-parameters.ts';

const label = textBytes('sealpart/2 wrap');

/** What a wrapped data key is bound to: it opens in the header of its own stream only (docs/format.md §1). */
export interface WrapContext {
  /** 16 bytes. */
  readonly streamId: Uint8Array;
  /** SHA-256 of the core. */
  readonly coreHash: Uint8Array;
}

/** Kinds of recipients that wrap with a symmetric key-encryption key (KEK). */
export type SymmetricWrapKind = 'keyFile' | 'passphrase' | 'kms';

/** The additional data of every wrap, and HPKE's info. */
export function wrapAad(context: WrapContext): Uint8Array {
  return concatBytes(label, context.coreHash);
}

function wrapKey(kind: SymmetricWrapKind, kek: KeyObject, context: WrapContext): KeyObject {
  return hkdfExpand(hkdfExtract(context.streamId, kek), label, u8(fieldTypes[kind]));
}

/** @returns ciphertext and tag, 48 bytes */
export function wrapDataKey(
  kind: SymmetricWrapKind,
  kek: KeyObject,
  nonce: Uint8Array,
  dataKey: KeyObject,
  context: WrapContext,
): Uint8Array {
  // §1.20: one wrap key for each kind, and the data key as the only message.
  const plain = dataKey.export();
  const wrapped = new Uint8Array(keyLength + tagLength);
  nodeAead.encrypt(suites.aesGcm, wrapKey(kind, kek, context), nonce, wrapAad(context), plain, wrapped);
  plain.fill(0);
  return wrapped;
}

/** The data key, or undefined if these 48 bytes were not wrapped with this KEK for this stream. */
export function unwrapDataKey(
  kind: SymmetricWrapKind,
  kek: KeyObject,
  nonce: Uint8Array,
  wrapped: Uint8Array,
  context: WrapContext,
): KeyObject | undefined {
  const plain = nodeAead.decrypt(suites.aesGcm, wrapKey(kind, kek, context), nonce, wrapAad(context), wrapped);
  return plain === undefined ? undefined : secretKey(plain);
}
