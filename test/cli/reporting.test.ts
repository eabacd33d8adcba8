import { execFileSync } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { expect, it, vi } from 'vitest';
import { exitCodeOf } from '../../src/cli/exit-codes.ts';
import { bytesText, durationText } from '../../src/cli/human-numbers.ts';
import { jsonLine, listedName, oneLine } from '../../src/cli/one-line.ts';
import { ProgressDisplay } from '../../src/cli/progress.ts';
import { reportError } from '../../src/cli/report-error.ts';
import { resumeCommand } from '../../src/cli/resume-hint.ts';
import { UsageError } from '../../src/cli/usage-error.ts';
import { failureCodes, refusalCodes, SealpartError } from '../../src/errors.ts';

const never = new AbortController().signal;

function screen(isTerminal: boolean, columns = 80) {
  const writes: string[] = [];
  return { writes, isTerminal, columns, write: (text: string) => void writes.push(text) };
}

it('every refusal of the format has exit code 3, but what says that the key is missing', () => {
  for (const code of refusalCodes) {
    const expected = code === 'no-recipient' || code === 'header-auth' ? 4 : 3;
    expect([code, exitCodeOf(new SealpartError(code, 'x'), never)]).toEqual([code, expected]);
  }
});

it('every other failure has the exit code of its kind', () => {
  const codes = Object.fromEntries(failureCodes.map((code) => [code, exitCodeOf(new SealpartError(code, 'x'), never)]));
  expect(codes).toEqual({
    aborted: 1,
    'bad-parameters': 2,
    'bad-key': 2,
    'bad-name': 2,
    'bad-range': 2,
    'kms-unavailable': 5,
    'not-found': 1,
    exists: 1,
    'not-seekable': 1,
    io: 1,
    store: 5,
    denied: 5,
    conflict: 5,
    manifest: 1,
    'manifest-corrupt': 1,
    'invalid-part': 5,
    precondition: 5,
    'source-changed': 6,
    owned: 7,
    worker: 1,
  });
  expect(exitCodeOf(new UsageError('x'), never)).toBe(2);
  expect(exitCodeOf(new TypeError('x'), never)).toBe(1);
});

it('a signal decides the exit code, whatever error it led to', () => {
  for (const [name, code] of [
    ['SIGHUP', 129],
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    const signal = AbortSignal.abort(new SealpartError('aborted', 'x', { cause: name }));
    expect(exitCodeOf(new SealpartError('io', 'x'), signal)).toBe(code);
  }
  expect(exitCodeOf(new SealpartError('io', 'x'), AbortSignal.abort())).toBe(1);
});

it('data that needs more memory than was given is no mistake of the command line', () => {
  const error = new SealpartError('bad-parameters', 'Segment 3 needs more: give more memory.', { segment: 3 });
  expect(exitCodeOf(error, never)).toBe(1);
  const output = screen(false);
  reportError(error, output, false);
  expect(output.writes[0]).toContain('give more memory. (On the command line: --memory SIZE.)');
});

it('JSON is one line, which no name can break or steer either', () => {
  const name = 'a\nb\x1b[2J\x7f\x80\x9b2J\u200f\u202e\u2066\u2028\ud800 \u{e0001} ü 😀 "\\"';
  const line = jsonLine({ name, none: undefined });
  expect(line).toMatch(/^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]*$/u);
  expect(line).toContain('\\u009b2J\\u200f\\u202e\\u2066\\u2028\\ud800 \\udb40\\udc01 ü 😀 ');
  expect(JSON.parse(line)).toEqual({ name });
});

it('every JSON that is printed goes that way', async () => {
  const folder = new URL('../../src/cli/', import.meta.url);
  for (const file of await readdir(folder)) {
    const uses = (await readFile(new URL(file, folder), 'utf8')).includes('JSON.stringify');
    expect([file, uses]).toEqual([file, file === 'one-line.ts']);
  }
});

it('an error is one line, which no name can break or steer', () => {
  const output = screen(false);
  reportError(new SealpartError('io', 'a\nb\x1b[2J\u202e could not be read'), output, false);
  expect(output.writes).toEqual(['sealpart: io: a\\nb\\u001b[2J\\u202e could not be read\n']);
});

it('an error as JSON has what is known of its place, and nothing else', () => {
  const output = screen(false);
  reportError(new SealpartError('frame-auth', 'no', { segment: 3, frame: 7 }), output, true);
  reportError(new SealpartError('truncated', 'short', { segment: 0 }), output, true);
  reportError(new UsageError('what?'), output, true);
  reportError(new TypeError('oops'), output, true);
  expect(output.writes.map((line) => JSON.parse(line))).toEqual([
    { error: { code: 'frame-auth', message: 'no', segment: 3, frame: 7 } },
    { error: { code: 'truncated', message: 'short', segment: 0 } },
    { error: { code: 'usage', message: 'what?' } },
    { error: { code: 'internal', message: 'oops. This is a bug in sealpart: please report it.' } },
  ]);
});

it('a bug is reported with the place where it is', () => {
  const output = screen(false);
  reportError(new TypeError('oops'), output, false);
  expect(output.writes[0]).toMatch(/^sealpart: internal: oops\. .*bug/);
  expect(output.writes[1]).toContain('reporting.test.ts');
});

it('options of the library are called by their flags', () => {
  const output = screen(false);
  reportError(new SealpartError('no-recipient', 'only with allowPublicKeyRecipients'), output, false);
  expect(output.writes[0]).toContain('only with --allow-public-key');
});

it('names in a listing are unmistakable', () => {
  expect(oneLine('tab\there')).toBe('tab\\there');
  expect(listedName('a b/ü/😀')).toBe('a b/ü/😀');
  expect(listedName('a\nb')).toBe('"a\\nb"');
  expect(listedName('a\\nb')).toBe('a\\nb');
  expect(listedName('"a"')).toBe('"\\"a\\""');
  expect(listedName(' a')).toBe('" a"');
});

it('a command that is to be run again is what a shell takes, whatever names are in it', () => {
  const names = [
    "it's",
    'a b',
    'back\\slash',
    "new\nline it's \\n",
    'r\u202etl',
    '\u{e0001}x',
    '$HOME',
    '`id`',
    '*',
    '',
  ];
  const command = resumeCommand(['put', ...names, '--no-resume', '--take-over']);
  expect(oneLine(command)).toBe(command);
  const shell = `sealpart() { printf '%s\\0' "$@"; }; ${command}`;
  const printed = execFileSync('bash', ['-c', shell], { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C.UTF-8' } });
  expect(printed.split('\0').slice(0, -1)).toEqual(['put', ...names]);
});

it('numbers for people', () => {
  expect([0, 1, 1023, 1024, 1536, 1_000_000, 2 ** 28, 1.25 * 2 ** 30, 5 * 2 ** 40].map(bytesText)).toEqual([
    '0 bytes',
    '1 byte',
    '1023 bytes',
    '1 KiB',
    '1.5 KiB',
    '977 KiB',
    '256 MiB',
    '1.25 GiB',
    '5 TiB',
  ]);
  expect([0, 8, 75, 3600 * 3 + 60 * 25 + 7].map(durationText)).toEqual(['0:00', '0:08', '1:15', '3:25:07']);
});

function progressOver(ms: number, options: { isTerminal: boolean; json?: boolean; columns?: number; total?: number }) {
  vi.useFakeTimers();
  try {
    const output = screen(options.isTerminal, options.columns);
    const start = Date.now();
    const display = new ProgressDisplay({
      output,
      json: options.json === true,
      totalBytes: options.total,
      // 10 MiB a second.
      read: () => ({ bytes: ((Date.now() - start) / 1000) * 10 * 2 ** 20, segmentsInFlight: 3 }),
      nowMs: () => Date.now(),
    });
    vi.advanceTimersByTime(ms);
    const before = output.writes.length;
    display.stop();
    vi.advanceTimersByTime(60_000);
    return { writes: output.writes, before };
  } finally {
    vi.useRealTimers();
  }
}

it('progress on a terminal is one line, drawn over at most ten times a second, and gone in the end', () => {
  const { writes, before } = progressOver(4000, { isTerminal: true, total: 100 * 2 ** 20 });
  expect(before).toBeGreaterThan(20);
  expect(before).toBeLessThanOrEqual(40);
  expect(writes.every((text) => text.startsWith('\r\x1b[K') && !text.includes('\n'))).toBe(true);
  expect(writes[before - 1]).toBe('\r\x1b[K40 %  40 MiB of 100 MiB  10 MiB/s  ETA 0:06  3 segments in flight');
  expect(writes.at(-1)).toBe('\r\x1b[K');
});

it('progress never wraps on a narrow terminal', () => {
  const { writes } = progressOver(1000, { isTerminal: true, columns: 20, total: 100 * 2 ** 20 });
  for (const text of writes) expect(text.replace('\r\x1b[K', '').length).toBeLessThan(20);
});

it('progress elsewhere is a plain line every few seconds', () => {
  const { writes } = progressOver(6100, { isTerminal: false });
  expect(writes).toEqual([
    '20 MiB  10 MiB/s  3 segments in flight\n',
    '40 MiB  10 MiB/s  3 segments in flight\n',
    '60 MiB  10 MiB/s  3 segments in flight\n',
  ]);
});

it('progress as JSON is a line every few seconds, also on a terminal', () => {
  const { writes } = progressOver(2100, { isTerminal: true, json: true, total: 100 * 2 ** 20 });
  expect(writes.map((line) => JSON.parse(line))).toEqual([
    {
      progress: {
        bytes: 20 * 2 ** 20,
        totalBytes: 100 * 2 ** 20,
        bytesPerSecond: 10 * 2 ** 20,
        etaSeconds: 8,
        segmentsInFlight: 3,
      },
    },
  ]);
});

it('more than was expected has no percentage', () => {
  const { writes } = progressOver(2100, { isTerminal: false, total: 10 * 2 ** 20 });
  expect(writes).toEqual(['20 MiB  10 MiB/s  3 segments in flight\n']);
});
