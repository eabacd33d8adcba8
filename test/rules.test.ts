import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { closePools, openPools, type Pools } from '../scripts/vectors/decrypt-paths.ts';
import { loadCases, type VectorCase } from '../scripts/vectors/run-vectors.ts';
import { equalSecret } from '../src/crypto/equal-secret.ts';
import { freshHostKey } from '../src/crypto/resume-item.ts';

const vectors = fileURLToPath(new URL('vectors', import.meta.url));

let pools: Pools;
let cases: Map<string, VectorCase>;
beforeAll(async () => {
  pools = openPools();
  cases = new Map((await loadCases(vectors)).map((one) => [one.name, one]));
});
afterAll(() => closePools(pools));

describe('rules that vectors show', () => {
  it.each([
    ['§5.1: the digest sha256', ['accept/digest-sha256', 'accept/chacha20-digest-sha256']],
    ['§5.3: the digest sha256-tags', ['accept/digest-tags', 'accept/indexed-tags', 'refuse/digest-tags-wrong']],
  ])('%s', async (_, names) => {
    for (const name of names) {
      const found = cases.get(name);
      expect(found, name).toBeDefined();
      await found!.check(pools);
    }
  });
});

describe('rules about secrets', () => {
  it('§1.32: secrets are compared by what takes the same time wherever they differ', async () => {
    expect(equalSecret(Uint8Array.of(1, 2), Uint8Array.of(1, 2))).toBe(true);
    expect(equalSecret(Uint8Array.of(1, 2), Uint8Array.of(1, 3))).toBe(false);
    expect(equalSecret(Uint8Array.of(1, 2), Uint8Array.of(1, 2, 3))).toBe(false);
    // The time itself is node:crypto's to promise; that commitment and MAC go this way is read off the source.
    for (const [file, call] of [
      ['crypto/key-schedule.ts', 'equalSecret(this.keyCommit()'],
      ['keys/open-header.ts', 'equalSecret('],
      ['keys/origin.ts', 'equalSecret('],
    ] as const) {
      expect(await readFile(new URL(`../src/${file}`, import.meta.url), 'utf8')).toContain(call);
    }
  });

  it('§10.8: a host key is 32 fresh random bytes', () => {
    const [one, other] = [freshHostKey(), freshHostKey()];
    expect(one.symmetricKeySize).toBe(32);
    expect(one.equals(other)).toBe(false);
  });
});
