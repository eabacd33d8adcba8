import { createSecretKey } from 'node:crypto';
import { expect, test } from 'vitest';
import { nodeAead } from '../../src/crypto/aead.ts';
import { type Suite, suites } from '../../src/format/stream-parameters.ts';
import { hexOf, readWycheproof, Tally, type WycheproofCase, type WycheproofGroup } from './wycheproof-file.ts';

function reasonToLeaveOut(group: WycheproofGroup): string | undefined {
  if (group.keySize !== 256) return 'another key size';
  if (group.ivSize !== 96) return 'another nonce size';
  return group.tagSize === 128 ? undefined : 'another tag size';
}

function runCase(suite: Suite, one: WycheproofCase): void {
  const key = createSecretKey(hexOf(one, 'key'));
  const nonce = hexOf(one, 'iv');
  const aad = hexOf(one, 'aad');
  const plaintext = hexOf(one, 'msg');
  const message = Buffer.concat([hexOf(one, 'ct'), hexOf(one, 'tag')]);
  const opened = nodeAead.decrypt(suite, key, nonce, aad, message);
  if (one.result === 'invalid') {
    expect(opened, `case ${one.tcId} (${one.comment})`).toBeUndefined();
    return;
  }
  expect(Buffer.from(opened!).equals(plaintext), `case ${one.tcId} decrypts`).toBe(true);
  const encrypted = Buffer.alloc(plaintext.length + 16);
  nodeAead.encrypt(suite, key, nonce, aad, plaintext, encrypted);
  expect(encrypted.equals(message), `case ${one.tcId} encrypts`).toBe(true);
}

function run(name: string, suite: Suite): Record<string, number> {
  const file = readWycheproof(name);
  const tally = new Tally();
  let cases = 0;
  for (const group of file.testGroups) {
    const reason = reasonToLeaveOut(group);
    for (const one of group.tests) {
      cases += 1;
      if (reason === undefined) runCase(suite, one);
      tally.add(reason === undefined ? `run, ${one.result}` : `left out, ${reason}`);
    }
  }
  expect(cases).toBe(file.numberOfTests);
  return tally.counts;
}

test('AES-256-GCM as Wycheproof has it', () => {
  expect(run('aes_gcm', suites.aesGcm)).toEqual({
    'run, valid': 39,
    'run, invalid': 27,
    'left out, another key size': 211,
    'left out, another nonce size': 39,
  });
});

test('ChaCha20-Poly1305 as Wycheproof has it', () => {
  expect(run('chacha20_poly1305', suites.chacha20Poly1305)).toEqual({
    'run, valid': 256,
    'run, invalid': 60,
    'left out, another nonce size': 9,
  });
});
