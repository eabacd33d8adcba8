import { createCipheriv, createHmac } from 'node:crypto';

// HPKE (RFC 9180) base mode with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and AES-256-GCM, from a Diffie-Hellman result
// on, written from the RFC with nothing but HMAC: what the library's sender should have sent.

const ascii = (text: string): Buffer => Buffer.from(text, 'latin1');
const u16be = (value: number): Buffer => Buffer.from([value >>> 8, value & 0xff]);
const kemSuite = Buffer.concat([ascii('KEM'), u16be(0x0020)]);
const hpkeSuite = Buffer.concat([ascii('HPKE'), u16be(0x0020), u16be(0x0001), u16be(0x0002)]);
const empty = Buffer.alloc(0);

function hmac(key: Uint8Array, ...pieces: Uint8Array[]): Buffer {
  return createHmac('sha256', key).update(Buffer.concat(pieces)).digest();
}

function labeledExtract(suite: Uint8Array, salt: Uint8Array, label: string, material: Uint8Array): Buffer {
  return hmac(salt.length === 0 ? Buffer.alloc(32) : salt, ascii('HPKE-v1'), suite, ascii(label), material);
}

/** Up to 32 bytes: one block of HKDF-Expand. */
function labeledExpand(suite: Uint8Array, prk: Uint8Array, label: string, info: Uint8Array, length: number): Buffer {
  const labeled = Buffer.concat([u16be(length), ascii('HPKE-v1'), suite, ascii(label), info, Buffer.from([1])]);
  return hmac(prk, labeled).subarray(0, length);
}

export interface HpkeMessage {
  /** What the Diffie-Hellman function gives for the two keys. */
  readonly sharedPoint: Uint8Array;
  readonly enc: Uint8Array;
  readonly recipientPublicKey: Uint8Array;
  readonly info: Uint8Array;
  readonly plaintext: Uint8Array;
}

/** Ciphertext and tag of the first message, without additional data. */
export function hpkeSealByHand(message: HpkeMessage): Uint8Array {
  const kemContext = Buffer.concat([message.enc, message.recipientPublicKey]);
  const eaePrk = labeledExtract(kemSuite, empty, 'eae_prk', message.sharedPoint);
  const sharedSecret = labeledExpand(kemSuite, eaePrk, 'shared_secret', kemContext, 32);
  const pskIdHash = labeledExtract(hpkeSuite, empty, 'psk_id_hash', empty);
  const infoHash = labeledExtract(hpkeSuite, empty, 'info_hash', message.info);
  const context = Buffer.concat([Buffer.from([0]), pskIdHash, infoHash]);
  const secret = labeledExtract(hpkeSuite, sharedSecret, 'secret', empty);
  const key = labeledExpand(hpkeSuite, secret, 'key', context, 32);
  const nonce = labeledExpand(hpkeSuite, secret, 'base_nonce', context, 12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  return Buffer.concat([cipher.update(message.plaintext), cipher.final(), cipher.getAuthTag()]);
}
