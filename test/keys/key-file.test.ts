import { createSecretKey } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { keyFileIdentity, keyFileRecipient } from '../../src/keys/key-file.ts';
import { generateX25519Key } from '../../src/keys/x25519-keys.ts';
import { keyProviderContract } from '../contracts/key-provider.ts';
import { keyOf } from './fixtures.ts';

keyProviderContract('key file', async () => ({
  recipient: keyFileRecipient(keyOf(0x41)),
  identity: keyFileIdentity(keyOf(0x41)),
  stranger: keyFileIdentity(keyOf(0x42)),
  secrets: [keyOf(0x41).export()],
  exactLength: true,
}));

describe('key file', () => {
  test('is addressed by its key id alone (§1.21)', () => {
    const field = { kind: 'keyFile', nonce: new Uint8Array(12), wrapped: new Uint8Array(48) } as const;
    // SHA-256("sealpart/2 key id file" || 32 bytes 0x41), computed elsewhere.
    const keyId = Buffer.from('cfd7fdac8f2616e6', 'hex');
    expect(keyFileIdentity(keyOf(0x41)).addressed({ ...field, keyId })).toBe(true);
    expect(keyFileIdentity(keyOf(0x42)).addressed({ ...field, keyId })).toBe(false);
    expect(keyFileIdentity(keyOf(0x41)).symmetric).toBe(true);
  });

  test('takes a secret key of 32 bytes and nothing else', () => {
    for (const make of [keyFileRecipient, keyFileIdentity]) {
      expect(() => make(createSecretKey(Buffer.alloc(31, 1)))).toThrow(
        new RangeError('kek must have 32 bytes, not 31.'),
      );
      expect(() => make(generateX25519Key())).toThrow(TypeError);
    }
  });
});
