import { createPrivateKey, createPublicKey, diffieHellman, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { concatBytes } from '../format/bytes.ts';

/** Bytes of a public key, and of a private one. */
export const x25519KeyLength = 32;

// RFC 8410: what stands before the 32 bytes of a key in DER.
const spkiPrefix = Uint8Array.of(0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e, 0x03, 0x21, 0x00);
const pkcs8Prefix = Uint8Array.of(
  ...[0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e, 0x04, 0x22, 0x04, 0x20],
);

/** A private key of 32 bytes, which are wiped. */
export function x25519PrivateKey(bytes: Uint8Array): KeyObject {
  const der = concatBytes(pkcs8Prefix, bytes);
  const key = createPrivateKey({ key: Buffer.from(der.buffer), format: 'der', type: 'pkcs8' });
  der.fill(0);
  bytes.fill(0);
  return key;
}

export function x25519PublicKey(bytes: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.from(concatBytes(spkiPrefix, bytes)), format: 'der', type: 'spki' });
}

/** The 32 bytes of a public key, or of the public half of a private one. */
export function x25519PublicBytes(key: KeyObject): Uint8Array {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }).subarray(spkiPrefix.length));
}

/** The 32 bytes of a private key, to be written as text and wiped. */
export function x25519PrivateBytes(privateKey: KeyObject): Uint8Array {
  const der = privateKey.export({ format: 'der', type: 'pkcs8' });
  const bytes = new Uint8Array(der.subarray(der.length - x25519KeyLength));
  der.fill(0);
  return bytes;
}

export function generateX25519Key(): KeyObject {
  return generateKeyPairSync('x25519').privateKey;
}

/** @throws TypeError if it is not a private X25519 key */
export function requireX25519PrivateKey(key: KeyObject, name: string): void {
  if (key.type !== 'private' || key.asymmetricKeyType !== 'x25519') {
    throw new TypeError(`${name} must be a private X25519 KeyObject.`);
  }
}

/**
 * False for the bytes that nobody's private key belongs to: points of low order, with which every shared secret is
 * zero, and numbers of 2^255 - 19 and more, which stand for another key than the one whose id they give. What is
 * sealed to them can never be opened.
 */
export function isUsablePublicKey(bytes: Uint8Array): boolean {
  if (bytes.length !== x25519KeyLength || !isCanonical(bytes)) return false;
  try {
    diffieHellman({ privateKey: generateX25519Key(), publicKey: x25519PublicKey(bytes) });
    return true;
  } catch {
    // OpenSSL refuses to derive an all-zero secret, and nothing else can be wrong with 32 bytes.
    return false;
  }
}

function isCanonical(bytes: Uint8Array): boolean {
  if (bytes[31]! !== 0x7f) return bytes[31]! < 0x7f;
  return bytes.subarray(1, 31).some((byte) => byte !== 0xff) || bytes[0]! < 0xed;
}
