import { createPublicKey, diffieHellman } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { x25519KeyId } from '../../src/keys/key-id.ts';
import { wrapAad } from '../../src/keys/wrap.ts';
import { x25519Identity, x25519Recipient } from '../../src/keys/x25519.ts';
import {
  generateX25519Key,
  isUsablePublicKey,
  x25519PrivateBytes,
  x25519PrivateKey,
  x25519PublicBytes,
  x25519PublicKey,
} from '../../src/keys/x25519-keys.ts';
import { keyProviderContract } from '../contracts/key-provider.ts';
import { failureOf, keyOf, never } from './fixtures.ts';
import { hpkeSealByHand } from './hpke-by-hand.ts';

keyProviderContract('X25519', async () => {
  const privateKey = generateX25519Key();
  return {
    recipient: x25519Recipient(x25519PublicBytes(privateKey)),
    identity: x25519Identity(privateKey),
    stranger: x25519Identity(generateX25519Key()),
    secrets: [x25519PrivateBytes(privateKey)],
    exactLength: true,
  };
});

const context = { streamId: Buffer.alloc(16, 5), coreHash: Buffer.alloc(32, 6) };

// Points whose multiples are zero, and 1, as RFC 7748 and its errata list them.
const lowOrder = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
];

describe('X25519', () => {
  test('opens by HPKE as the RFC writes it (§1.29)', async () => {
    const privateKey = generateX25519Key();
    const ephemeral = generateX25519Key();
    const recipientPublicKey = x25519PublicBytes(privateKey);
    const enc = x25519PublicBytes(ephemeral);
    const sharedPoint = diffieHellman({ privateKey: ephemeral, publicKey: createPublicKey(privateKey) });
    const plaintext = keyOf(0x21).export();
    const wrapped = hpkeSealByHand({ sharedPoint, enc, recipientPublicKey, info: wrapAad(context), plaintext });
    const field = { kind: 'x25519', enc, keyId: x25519KeyId(recipientPublicKey), wrapped } as const;
    expect((await x25519Identity(privateKey).open(field, context, never()))?.equals(keyOf(0x21))).toBe(true);
  });

  test('opens nothing from a point of low order (§1.30)', async () => {
    const privateKey = generateX25519Key();
    const recipientPublicKey = x25519PublicBytes(privateKey);
    for (const point of lowOrder) {
      const enc = Buffer.from(point, 'hex');
      const sharedPoint = Buffer.alloc(32);
      const plaintext = keyOf(0x21).export();
      const wrapped = hpkeSealByHand({ sharedPoint, enc, recipientPublicKey, info: wrapAad(context), plaintext });
      const field = { kind: 'x25519', enc, keyId: x25519KeyId(recipientPublicKey), wrapped } as const;
      expect(await x25519Identity(privateKey).open(field, context, never())).toBeUndefined();
    }
  });

  test('seals for no key that nobody can have', async () => {
    const prime = 'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f';
    const highBit = `${'09'.padEnd(62, '0')}80`;
    for (const hex of [...lowOrder, prime, highBit, 'ff'.repeat(32), '09', '']) {
      const bytes = new Uint8Array(Buffer.from(hex, 'hex'));
      expect(isUsablePublicKey(bytes), hex).toBe(false);
      await failureOf(() => x25519Recipient(bytes), 'bad-key');
    }
    const largest = `eb${'ff'.repeat(30)}7f`;
    for (const hex of ['09'.padEnd(64, '0'), largest]) {
      expect(isUsablePublicKey(new Uint8Array(Buffer.from(hex, 'hex'))), hex).toBe(true);
    }
  });

  test('keys go to bytes and back', () => {
    const bytes = Uint8Array.from({ length: 32 }, (_, i) => i + 1);
    const key = x25519PrivateKey(bytes.slice());
    expect(x25519PrivateBytes(key)).toEqual(bytes);
    expect(x25519PublicBytes(x25519PublicKey(x25519PublicBytes(key)))).toEqual(x25519PublicBytes(key));
    expect(() => x25519Identity(createPublicKey(key))).toThrow(TypeError);
    expect(() => x25519Identity(keyOf(1))).toThrow(TypeError);
  });

  test('a private key is wiped where it came from', () => {
    const bytes = new Uint8Array(32).fill(7);
    x25519PrivateKey(bytes);
    expect(bytes).toEqual(new Uint8Array(32));
  });
});
