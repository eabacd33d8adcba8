import type { KeyObject } from 'node:crypto';
import {
  Aes256Gcm,
  CipherSuite,
  DecapError,
  DeserializeError,
  DhkemX25519HkdfSha256,
  HkdfSha256,
  OpenError,
} from '@hpke/core';
import { secretKey } from '../crypto/hkdf.ts';
import { keyLength } from '../crypto/key-schedule.ts';
import { SealpartError, throwIfAborted } from '../errors.ts';
import { equalBytes } from '../format/bytes.ts';
import type { Identity } from './identity.ts';
import { x25519KeyId } from './key-id.ts';
import { fieldPrefixLength, type Recipient } from './recipient.ts';
import { wrapAad } from './wrap.ts';
import { isUsablePublicKey, requireX25519PrivateKey, x25519PublicBytes, x25519PublicKey } from './x25519-keys.ts';

// §1: HPKE (RFC 9180) in base mode. A suite keeps state of its key derivation, so that each use makes its own.
function hpke(): CipherSuite {
  return new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });
}

const algorithm = { name: 'X25519' };

/**
 * Seals for whoever has the private half of an X25519 key. Anyone can do this, so that it says nothing of who sealed
 * (docs/format.md §1.29).
 *
 * @param publicKey 32 bytes
 * @throws SealpartError `bad-key` if no private key can belong to these bytes
 */
export function x25519Recipient(publicKey: Uint8Array): Recipient {
  if (!isUsablePublicKey(publicKey)) {
    throw new SealpartError(
      'bad-key',
      'This is no usable X25519 public key: nothing sealed to it could ever be opened.',
    );
  }
  const keyId = x25519KeyId(publicKey);
  const recipientPublicKey = x25519PublicKey(publicKey).toCryptoKey(algorithm, true, []);
  return {
    kind: 'x25519',
    fieldLengthBytes: fieldPrefixLength + 88,
    opens: (field) => field.kind === 'x25519' && equalBytes(field.keyId, keyId),
    async seal(dataKey, context, signal) {
      throwIfAborted(signal);
      const plain = dataKey.export();
      try {
        const sealed = await hpke().seal({ recipientPublicKey, info: wrapAad(context) }, plain);
        return { kind: 'x25519', enc: new Uint8Array(sealed.enc), keyId, wrapped: new Uint8Array(sealed.ct) };
      } finally {
        plain.fill(0);
      }
    },
  };
}

/**
 * Opens what was sealed for an X25519 key.
 *
 * @param privateKey a private X25519 KeyObject
 */
export function x25519Identity(privateKey: KeyObject): Identity {
  requireX25519PrivateKey(privateKey, 'privateKey');
  const publicKey = x25519PublicBytes(privateKey);
  const keyId = x25519KeyId(publicKey);
  const recipientKey = {
    privateKey: privateKey.toCryptoKey(algorithm, false, ['deriveBits']),
    publicKey: x25519PublicKey(publicKey).toCryptoKey(algorithm, true, []),
  };
  return {
    kind: 'x25519',
    symmetric: false,
    addressed: (field) => field.kind === 'x25519' && equalBytes(field.keyId, keyId),
    async open(field, context, signal) {
      throwIfAborted(signal);
      if (field.kind !== 'x25519') return undefined;
      try {
        const parameters = { recipientKey, enc: field.enc, info: wrapAad(context) };
        const plain = new Uint8Array(await hpke().open(parameters, field.wrapped));
        return plain.length === keyLength ? secretKey(plain) : undefined;
      } catch (error) {
        // Decapsulation fails on points of low order: an all-zero shared secret opens nothing (§1.30).
        if (error instanceof DecapError || error instanceof DeserializeError || error instanceof OpenError) {
          return undefined;
        }
        throw error;
      }
    },
  };
}
