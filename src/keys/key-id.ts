import type { KeyObject } from 'node:crypto';
import { sha256 } from '../crypto/sha256.ts';
import { textBytes } from '../format/bytes.ts';

// docs/format.md §1 and §8: the first 8 bytes of a hash tell a reader which recipient is meant for it. They are
// public, and prove nothing.
const labels = {
  file: textBytes('sealpart/2 key id file'),
  x25519: textBytes('sealpart/2 key id x25519'),
  origin: textBytes('sealpart/2 key id origin'),
};

function keyId(label: Uint8Array, key: Uint8Array): Uint8Array {
  return sha256(label, key).slice(0, 8);
}

function secretKeyId(label: Uint8Array, key: KeyObject): Uint8Array {
  const bytes = key.export();
  const id = keyId(label, bytes);
  bytes.fill(0);
  return id;
}

/** The 8 bytes by which a key file's recipients are found (docs/format.md §1.21). */
export function keyFileId(kek: KeyObject): Uint8Array {
  return secretKeyId(labels.file, kek);
}

/** The 8 bytes by which an X25519 public key's recipients are found. */
export function x25519KeyId(publicKey: Uint8Array): Uint8Array {
  return keyId(labels.x25519, publicKey);
}

/** The 8 bytes that an origin field names its key by. */
export function originKeyId(originKey: KeyObject): Uint8Array {
  return secretKeyId(labels.origin, originKey);
}
