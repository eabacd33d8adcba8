import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';

/** HMAC-SHA-256. */
export function hmacSha256(key: KeyObject | Uint8Array, ...pieces: readonly Uint8Array[]): Uint8Array {
  const mac = createHmac('sha256', key);
  for (const piece of pieces) mac.update(piece);
  return mac.digest();
}

/** HKDF-Extract with SHA-256 (RFC 5869 §2.2). The key material is secret, the salt need not be. */
export function hkdfExtract(salt: Uint8Array, keyMaterial: KeyObject | Uint8Array): KeyObject {
  // node:crypto offers both steps in one only; the format needs the pseudorandom key of the first for several seconds.
  if (keyMaterial instanceof Uint8Array) return secretKey(hmacSha256(salt, keyMaterial));
  const bytes = keyMaterial.export();
  const prk = secretKey(hmacSha256(salt, bytes));
  bytes.fill(0);
  return prk;
}

/** HKDF-Expand with SHA-256 to 32 bytes (RFC 5869 §2.3): one block, which is all that the format ever takes. */
export function hkdfExpand(prk: KeyObject, ...info: readonly Uint8Array[]): KeyObject {
  return secretKey(hmacSha256(prk, ...info, Uint8Array.of(1)));
}

/** A KeyObject of these bytes, which are wiped: from here on no JavaScript value holds the key. */
export function secretKey(bytes: Uint8Array): KeyObject {
  const key = createSecretKey(bytes);
  bytes.fill(0);
  return key;
}
