import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { closePools, openPools } from '../scripts/vectors/decrypt-paths.ts';
import { loadCases } from '../scripts/vectors/run-vectors.ts';

const cases = await loadCases(fileURLToPath(new URL('vectors/', import.meta.url)));

describe('the vectors of the format', () => {
  const pools = openPools();
  afterAll(() => closePools(pools));

  it('are 173', () => {
    expect(cases).toHaveLength(173);
    expect(new Set(cases.map(({ name }) => name)).size).toBe(173);
  });

  it.concurrent.each(cases.map(({ name, check }) => [name, check] as const))('%s', async (_, check) => {
    await check(pools);
  });
});
