import { createSecretKey } from 'node:crypto';
import { expect, test } from 'vitest';
import { equalSecret } from '../../src/crypto/equal-secret.ts';
import { hkdfExpand, hkdfExtract, hmacSha256 } from '../../src/crypto/hkdf.ts';
import { hexOf, readWycheproof, Tally } from './wycheproof-file.ts';

test('HKDF-SHA-256 as Wycheproof has it, in its first block', () => {
  const file = readWycheproof('hkdf_sha256');
  const tally = new Tally();
  for (const one of file.testGroups.flatMap((group) => group.tests)) {
    if (one.result === 'invalid') {
      // The only fault in the file: more output than HKDF has. The format never takes more than one block.
      expect(one.flags).toEqual(['SizeTooLarge']);
      tally.add('left out, more than HKDF gives');
      continue;
    }
    const okm = hexOf(one, 'okm');
    expect(okm.length, `case ${one.tcId}`).toBe(one.size);
    for (const material of [hexOf(one, 'ikm'), createSecretKey(hexOf(one, 'ikm'))]) {
      const block = hkdfExpand(hkdfExtract(hexOf(one, 'salt'), material), hexOf(one, 'info')).export();
      const shared = Math.min(32, okm.length);
      expect(block.subarray(0, shared).equals(okm.subarray(0, shared)), `case ${one.tcId}`).toBe(true);
    }
    tally.add(okm.length <= 32 ? 'run, whole' : 'run, first 32 bytes');
  }
  const total = Object.values(tally.counts).reduce((sum, count) => sum + count, 0);
  expect(total).toBe(file.numberOfTests);
  expect(tally.counts).toEqual({
    'run, whole': 30,
    'run, first 32 bytes': 53,
    'left out, more than HKDF gives': 3,
  });
});

test('HMAC-SHA-256 as Wycheproof has it', () => {
  const file = readWycheproof('hmac_sha256');
  const tally = new Tally();
  for (const group of file.testGroups) {
    for (const one of group.tests) {
      if (group.tagSize !== 256) {
        tally.add('left out, a tag cut short');
        continue;
      }
      const key = hexOf(one, 'key');
      for (const form of [key, createSecretKey(key)]) {
        const mac = hmacSha256(form, hexOf(one, 'msg'));
        expect(equalSecret(mac, hexOf(one, 'tag')), `case ${one.tcId}`).toBe(one.result === 'valid');
      }
      tally.add(`run, ${one.result}`);
    }
  }
  expect(tally.counts).toEqual({ 'run, valid': 33, 'run, invalid': 54, 'left out, a tag cut short': 87 });
  expect(file.numberOfTests).toBe(174);
});
