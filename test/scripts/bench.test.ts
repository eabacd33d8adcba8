import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type BenchReport, verdictOf } from '../../scripts/bench/bench.ts';
import { ReadingPace } from '../../scripts/bench/null-s3/reading-pace.ts';
import { reportTable } from '../../scripts/bench/report-table.ts';
import { runRounds } from '../../scripts/bench/rounds.ts';
import { runTimed } from '../../scripts/bench/s3/timed-process.ts';
import { median, medianRatio } from '../../scripts/bench/statistics.ts';

// Only that the benches run and say what they measured: on tiny sizes their figures mean nothing.

const main = fileURLToPath(new URL('../../scripts/bench/main.ts', import.meta.url));

/** Half a minute and more each, even on tiny sizes. */
const slowTrials =
  process.env.SEALPART_ALL_BENCHES === '1'
    ? [
        ['s3', 'get to ranged GETs'],
        ['memory', 'get: large to small'],
      ]
    : [];

function bench(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const result = spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' });
  return { status: result.status, stdout: result.stdout, stderr: result.stderr };
}

describe('a bench', () => {
  it.each([
    ['memory-encrypt', 'digest 3: 2 workers to the bare loop'],
    ['memory-decrypt', 'digest 2: 2 workers to the bare loop'],
    ['store', 'digest 2: get to decrypt'],
    ['process', 'sealpart, digest 2: speed'],
    ['gateway', 'GET, likewise'],
    ...slowTrials,
  ])(
    'runs: %s',
    (name, figure) => {
      const { status, stdout, stderr } = bench(name, '--size', '32', '--rounds', '1', '--json');
      expect(stderr).toBe('');
      expect(status).toBe(0);
      const { reports } = JSON.parse(stdout) as { reports: BenchReport[] };
      expect(reports.map((report) => report.bench)).toEqual([name]);
      const found = reports[0]!.figures.find((candidate) => candidate.name === figure);
      expect(found?.value).toBeGreaterThan(0);
    },
    180_000,
  );

  it('that does not exist, and flags that make no sense, are refused', () => {
    for (const args of [['speed'], ['--rounds', '0'], ['--size', 'x'], ['--server', 'x'], ['--what']]) {
      const { status, stderr } = bench(...args);
      expect([status, stderr.includes('usage: npm run bench')]).toEqual([2, true]);
    }
  });
});

describe('a run', () => {
  it('in another process says what that took, or why it failed', async () => {
    const busy = 'const end = performance.now() + 200; while (performance.now() < end);';
    const { seconds, cpuSeconds } = await runTimed([process.execPath, '-e', busy]);
    expect(seconds).toBeGreaterThan(0.2);
    expect(cpuSeconds).toBeGreaterThan(0.05);
    await expect(runTimed(['sh', '-c', 'echo no >&2; exit 3'])).rejects.toThrow('sh ended with 3: no');
  });

  it('costs what its side says, if it says so', async () => {
    const { told } = await runRounds({ told: async () => ({ seconds: 2, cpuSeconds: 3 }) }, 1000, 2);
    expect(told).toEqual({ bytesPerSecond: [500, 500], cpuNsPerByte: [3e6, 3e6] });
  });
});

describe('a server that reads slowly', () => {
  it('lets what comes on any connection wait for all that came before', () => {
    const pace = new ReadingPace(1000);
    const [first, second] = [pace.waitMs(500), pace.waitMs(250)];
    expect(first).toBeCloseTo(500, -1);
    expect(second).toBeCloseTo(750, -1);
  });
});

describe('a figure', () => {
  const figure = { name: 'a to b', value: 0.85, unit: 'ratio', goal: { atLeast: 0.8, aim: 0.95 } } as const;

  it('meets its goal or misses it', () => {
    expect(verdictOf(figure)).toBe('met');
    expect(verdictOf({ ...figure, value: 0.79 })).toBe('missed');
    expect(verdictOf({ ...figure, goal: { atMost: 0.8 } })).toBe('missed');
    expect(verdictOf({ name: 'a', value: 1, unit: 's' })).toBeUndefined();
  });

  it('is a row of a table', () => {
    const table = reportTable({ bench: 'tiny', how: 'Once.', figures: [figure], notes: ['A note.'] });
    expect(table).toMatch(/^tiny\n {2}Once\.\n/);
    expect(table).toMatch(/^ {2}a to b +0\.85 +>= 0\.80, aim 0\.95 +met$/m);
  });
});

describe('medians', () => {
  it('are the middle, and ratios those of one round', () => {
    expect([median([3, 1, 2]), median([4, 1, 2, 3])]).toEqual([2, 2.5]);
    expect(medianRatio([2, 30, 4], [1, 10, 4])).toBe(2);
    expect(() => median([])).toThrow(RangeError);
  });
});
