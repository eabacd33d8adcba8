import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { enduranceTable } from '../../scripts/endurance/endurance-table.ts';
import { endurances } from '../../scripts/endurance/endurances.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

describe('what is endured', () => {
  it.each(endurances)('$name: its tests are there, and read the setting', ({ files, setting }) => {
    const texts = files.map((path) => {
      expect(existsSync(`${root}/${path}`), path).toBe(true);
      return readFileSync(`${root}/${path}`, 'utf8');
    });
    for (const variable of Object.keys(setting.full)) {
      for (const text of texts) expect(text).toContain(`process.env.${variable}`);
    }
  });

  it('is a table: how long it took, how many tests, and what they noted', () => {
    const notes = [{ id: 'C01', injected: 'SIGKILL', reached: 100, outcome: 'resumed' }];
    const outcome = { passed: 3, skipped: 1, failed: ['one'], notes, seconds: 90 };
    expect(enduranceTable([{ name: 'kills', outcome }]).split('\n')).toEqual([
      'kills            1.5 min  3 passed, 1 failed, 1 skipped',
      '  C01  SIGKILL: 100; resumed',
    ]);
  });

  it('that does not exist is refused', () => {
    const args = [`${root}/scripts/endurance/main.ts`, 'patience'];
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    expect([status, stderr.includes('usage: npm run endurance')]).toEqual([2, true]);
  });
});
