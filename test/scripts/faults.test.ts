import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { choose, readCatalogue } from '../../scripts/faults/catalogue.ts';
import { faultTable, reportFaults } from '../../scripts/faults/fault-table.ts';
import { readNotes } from '../../scripts/faults/notes.ts';
import { faultTestFiles, textOf } from '../../scripts/faults/test-files.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const page = readFileSync(`${root}/docs/faults.md`, 'utf8');

const small = `# Faults

| id | fault | what has to happen |
|---|---|---|
| C01 | it dies | it lives |
| C02 | it hangs | it goes on |

## Elsewhere, or for later

| id | fault | where |
|---|---|---|
| X20 | vectors | elsewhere |
`;

describe('the catalogue of faults', () => {
  it('is read from its tables, and what comes later is known as such', () => {
    expect(readCatalogue(small)).toEqual({
      caused: [
        { id: 'C01', fault: 'it dies', expected: 'it lives' },
        { id: 'C02', fault: 'it hangs', expected: 'it goes on' },
      ],
      later: ['X20'],
    });
    expect(() => readCatalogue(small.replace('C02', 'C01'))).toThrow('C01 twice');
    expect(() => readCatalogue('nothing')).toThrow('no rows');
  });

  it('is chosen from by the beginnings of ids', () => {
    const catalogue = readCatalogue(small);
    const ids = (...prefixes: string[]): string[] => choose(catalogue, prefixes).map(({ id }) => id);
    expect([ids(), ids('C'), ids('C02'), ids('C02', 'C01')]).toEqual([
      ['C01', 'C02'],
      ['C01', 'C02'],
      ['C02'],
      ['C01', 'C02'],
    ]);
    expect(() => ids('S')).toThrow('No fault begins with S');
    expect(() => ids('X2')).toThrow('not caused here');
  });

  it('has tests by the id of each row, whose names say the id', () => {
    const files = faultTestFiles().map(textOf);
    for (const { id } of readCatalogue(page).caused) {
      const named = files.some((text) => new RegExp(`['"\`][^'"\`\n]*\\b${id}\\b[:,][^'"\`\n]*['"\`]`).test(text));
      const noted = files.some((text) => new RegExp(`['"]${id}['"]`).test(text));
      expect([id, named, noted]).toEqual([id, true, true]);
    }
  });
});

describe('a report of faults', () => {
  const { caused } = readCatalogue(small);
  const note = { id: 'C01', injected: 'SIGKILL', reached: 2, outcome: 'resumed' };

  it('counts the same note of several tests together', () => {
    const other = { ...note, outcome: 'begun anew' };
    const lines = [note, other, note].map((each) => `${JSON.stringify(each)}\n`).join('');
    expect(readNotes(lines)).toEqual([{ ...note, reached: 4 }, other]);
  });

  it('names what was not caused, and what failed', () => {
    const report = reportFaults(caused, [note], ['C01: dies > it lives', 'S01: another']);
    expect(report.rows).toEqual([
      ['C01', 'SIGKILL', '2', 'resumed'],
      ['C01', 'C01: dies > it lives', '', 'FAILED'],
      ['C02', 'it hangs', '0', 'NOT CAUSED'],
    ]);
    expect([report.missing.map(({ id }) => id), report.reached]).toEqual([['C02'], 2]);
    expect(faultTable(report.rows).split('\n')[1]).toBe('C01  SIGKILL                     2  resumed');
  });
});

describe('npm run faults', () => {
  const run = (...args: string[]): { status: number | null; stdout: string; stderr: string } =>
    spawnSync(process.execPath, [`${root}/scripts/faults/main.ts`, ...args], { encoding: 'utf8' });

  it('causes what it is asked for, and prints how often', () => {
    const { status, stdout, stderr } = run('x13');
    expect([status, stderr.includes('failed')]).toEqual([0, false]);
    expect(stdout).toMatch(/^X13 {2}one segment more than indices +1 {2}refused before sealing$/m);
    expect(stdout).toMatch(/^1 of 1 faults caused, reached 2 times/m);
  });

  it('refuses what is no fault', () => {
    const { status, stderr } = run('Q');
    expect([status, stderr.includes('usage: npm run faults')]).toEqual([2, true]);
  });
});
