import { createCipheriv, createSecretKey, scryptSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { hkdfExpand, hkdfExtract } from '../../src/crypto/hkdf.ts';
import type { PassphraseRecipient } from '../../src/format/header-fields.ts';
import { passphraseIdentity, passphraseRecipient } from '../../src/keys/passphrase.ts';
import { keyProviderContract } from '../contracts/key-provider.ts';
import { failureOf, keyOf, never } from './fixtures.ts';

const words = 'correct horse battery staple';

keyProviderContract('passphrase', async () => ({
  recipient: passphraseRecipient(words),
  identity: passphraseIdentity(words),
  stranger: passphraseIdentity(`${words}!`),
  secrets: [words, Buffer.from(words)],
  exactLength: true,
}));

const context = { streamId: Buffer.alloc(16, 5), coreHash: Buffer.alloc(32, 6) };
const dataKey = keyOf(0x77);

/** A field at any cost, which the library itself does not write below 2^17. */
function fieldAt(log2N: number, passphrase: string): PassphraseRecipient {
  const salt = Buffer.alloc(16, 8);
  const nonce = Buffer.alloc(12, 9);
  const N = 2 ** log2N;
  const scryptSalt = Buffer.concat([Buffer.from('sealpart/2 scrypt'), salt]);
  const kek = scryptSync(Buffer.from(passphrase), scryptSalt, 32, { N, r: 8, p: 1, maxmem: 2 ** 31 - 1 });
  const label = Buffer.from('sealpart/2 wrap');
  const key = hkdfExpand(hkdfExtract(context.streamId, createSecretKey(kek)), label, Uint8Array.of(0x11));
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.concat([label, context.coreHash]));
  const wrapped = Buffer.concat([cipher.update(dataKey.export()), cipher.final(), cipher.getAuthTag()]);
  return { kind: 'passphrase', log2N, salt, nonce, wrapped };
}

describe('passphrase', () => {
  test('is the same in every normal form (§1.22)', async () => {
    const field = fieldAt(10, 'caf\u00e9');
    for (const typed of ['caf\u00e9', 'cafe\u0301']) {
      expect((await passphraseIdentity(typed).open(field, context, never()))?.equals(dataKey)).toBe(true);
    }
    expect(await passphraseIdentity('cafe').open(field, context, never())).toBeUndefined();
  });

  test('is written at 2^17 unless told, and never below (§1.24)', async () => {
    const field = await passphraseRecipient('x').seal(dataKey, context, never());
    expect(field).toMatchObject({ kind: 'passphrase', log2N: 17 });
    for (const log2N of [16, 10, 21, 17.5, Number.NaN]) {
      expect(() => passphraseRecipient('x', { log2N })).toThrow(RangeError);
    }
    expect(() => passphraseRecipient('x', { log2N: 20 })).not.toThrow();
  });

  test('does no more work than it was told, and says how to allow more (§1.25)', async () => {
    const error = await failureOf(
      passphraseIdentity(words, { maxLog2N: 10 }).open(fieldAt(11, words), context, never()),
      'header-auth',
    );
    expect(error.message).toContain('N = 2^11');
    expect(error.message).toContain('maxLog2N to 11');
    const allowed = passphraseIdentity(words, { maxLog2N: 11 });
    expect((await allowed.open(fieldAt(11, words), context, never()))?.equals(dataKey)).toBe(true);
    for (const maxLog2N of [9, 21, 12.5]) expect(() => passphraseIdentity('x', { maxLog2N })).toThrow(RangeError);
  });

  test('has memory enough for more than the usual cost', async () => {
    // Node refuses above 32 MiB unless told; 2^18 takes 256.
    const opened = await passphraseIdentity(words).open(fieldAt(18, words), context, never());
    expect(opened?.equals(dataKey)).toBe(true);
  });

  test('stops waiting for scrypt when the signal fires', async () => {
    const controller = new AbortController();
    const opening = passphraseIdentity(words).open({ ...fieldAt(10, words), log2N: 18 }, context, controller.signal);
    setTimeout(() => controller.abort(), 5);
    await failureOf(opening, 'aborted');
  });

  test('is not empty, and is text', async () => {
    for (const make of [passphraseRecipient, passphraseIdentity]) {
      await failureOf(() => make(''), 'bad-key');
      const error = await failureOf(() => make('secret\ud800'), 'bad-key');
      expect(error.message).not.toContain('secret');
    }
  });
});
