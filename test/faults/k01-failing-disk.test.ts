import { spawnSync } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { listLeftovers } from '../../src/sinks/temporary-name.ts';
import { errorOf, runInProcess } from '../cli/cli-in-process.ts';
import { runProcess } from '../cli/cli-process.ts';
import {
  type FailingFileOperations,
  type FileCall,
  failingFileOperations,
} from '../support/failing-file-operations.ts';
import { noteFault } from '../support/fault-log.ts';
import { failureOf } from '../support/refusal.ts';
import { inlinePool, type MadeStream } from '../support/streams.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { decryptTo, fiveSegments, oldContent, outputPath, standingAt } from './output-file.ts';

// K01: the disk fails under a file that is being decrypted to. What stood there stands, and nothing else is left.

const pool = inlinePool();
afterAll(() => pool.close());

type Step = 'write' | 'fsync' | 'rename' | 'directory fsync';

/** Which step of the four a call is, if it is one. */
function stepOf({ operation, path }: FileCall): Step | undefined {
  if (operation === 'write' || operation === 'rename') return operation;
  if (operation !== 'sync') return undefined;
  return path.endsWith('.tmp') ? 'fsync' : 'directory fsync';
}

/** How often a step comes up in a run that succeeds, and how many of these times are before the file is in its place. */
async function rehearse(made: MadeStream, step: Step): Promise<{ times: number; beforePlacing: number }> {
  const operations = failingFileOperations(() => 'done');
  await decryptTo(await outputPath(oldContent), made.bytes, pool, { operations });
  const steps = operations.calls.map(stepOf);
  const count = (some: readonly (Step | undefined)[]) => some.filter((each) => each === step).length;
  return { times: count(steps), beforePlacing: count(steps.slice(0, steps.indexOf('rename') + 1)) };
}

/** Operations that fail at a step from its `from`-th time on, to its `to`-th, counted from 1. */
function failingAt(step: Step, code: string, from: number, to: number): FailingFileOperations {
  let times = 0;
  return failingFileOperations((call) => {
    if (stepOf(call) !== step) return 'done';
    times += 1;
    return times >= from && times <= to ? { code } : 'done';
  });
}

const cases = (['ENOSPC', 'EIO'] as const).flatMap((code) =>
  (['write', 'fsync', 'rename', 'directory fsync'] as const).map((step) => ({ code, step })),
);

describe('K01: a disk that fails under an output file', () => {
  it.each(cases)('$code at $step, once, wherever it comes up', async ({ code, step }) => {
    const made = await fiveSegments();
    const { times, beforePlacing } = await rehearse(made, step);
    let reached = 0;
    for (let time = 1; time <= times; time++) {
      for (const before of [oldContent, undefined]) {
        const path = await outputPath(before);
        const operations = failingAt(step, code, time, time);
        const failure = await failureOf(decryptTo(path, made.bytes, pool, { operations }));
        expect(failure).toMatchObject({ code: 'io', cause: { code } });
        expect(failure.message).toContain(path);
        // Only behind the rename is it in its place, and then it is whole, and the message says so.
        const isPlaced = time > beforePlacing;
        expect(await standingAt(path)).toEqual(isPlaced ? made.content : before);
        if (isPlaced) expect(failure.message).toContain('is complete, but');
        expect(await listLeftovers(path)).toEqual([]);
        expect(operations.faults).toBe(1);
        reached += operations.faults;
      }
    }
    expect(times).toBe({ write: times, fsync: 1, rename: 1, 'directory fsync': 2 }[step]);
    noteFault({ id: 'K01', injected: `${code} at ${step}, once`, reached, outcome: 'target untouched, nothing left' });
  });

  it.each(cases)('$code at $step, from then on', async ({ code, step }) => {
    const made = await fiveSegments();
    const { times, beforePlacing } = await rehearse(made, step);
    let reached = 0;
    for (let from = 1; from <= times; from++) {
      const path = await outputPath(oldContent);
      const operations = failingAt(step, code, from, Number.POSITIVE_INFINITY);
      const failure = await failureOf(decryptTo(path, made.bytes, pool, { operations }));
      expect(failure).toMatchObject({ code: 'io', cause: { code } });
      expect(await standingAt(path)).toEqual(from > beforePlacing ? made.content : oldContent);
      expect(await listLeftovers(path)).toEqual([]);
      reached += operations.faults;
    }
    noteFault({ id: 'K01', injected: `${code} at ${step}, for good`, reached, outcome: 'old or whole, nothing left' });
  });

  it('a disk that will not even remove the temporary file: the message names it', async () => {
    const made = await fiveSegments();
    const path = await outputPath(oldContent);
    const operations = failingFileOperations(({ operation }) =>
      operation === 'sync' || operation === 'unlink' ? { code: 'EIO' } : 'done',
    );
    const failure = await failureOf(decryptTo(path, made.bytes, pool, { operations }));
    expect(await standingAt(path)).toEqual(oldContent);
    const leftovers = await listLeftovers(path);
    expect(leftovers).toHaveLength(1);
    // The first thing that went wrong is what is told; what could not be cleared up stands beside it.
    expect(textsOf(failure).join('\n')).toContain(leftovers[0]!);
    noteFault({ id: 'K01', injected: 'EIO at unlink too', reached: operations.faults, outcome: 'left file is named' });
  });
});

/** The messages of an error and of everything that it explains. */
function textsOf(error: unknown): string[] {
  if (!(error instanceof Error)) return [];
  const inner = error instanceof AggregateError ? error.errors : [];
  return [error.message, ...textsOf(error.cause), ...inner.flatMap(textsOf)];
}

const canMount = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0;

describe.runIf(canMount)('K01: a real disk that is full', () => {
  it('sealpart decrypt leaves what stood there', async () => {
    const directory = await temporaryDirectory();
    const path = (name: string) => join(directory, name);
    await writeFile(path('a.key'), `${'ab'.repeat(32)}\n`);
    await writeFile(path('content'), new Uint8Array(6_000_000));
    const key = ['--key-file', path('a.key')];
    expect((await runInProcess(['encrypt', '-q', path('content'), '-o', path('stream'), ...key])).exitCode).toBe(0);
    const small = await temporaryDirectory();
    const shell = [
      `mount -t tmpfs -o size=3m none "${small}"`,
      `echo before > "${small}/output"`,
      `{ "$@"; echo $? > "${directory}/code"; }`,
      `ls -A "${small}" > "${directory}/names"`,
      `cat "${small}/output" > "${directory}/output"`,
    ].join(' && ');
    const result = await runProcess(['decrypt', '--json', path('stream'), '-o', join(small, 'output'), ...key], {
      shell: `exec unshare -rm bash -c '${shell}' bash "$@"`,
    });
    expect(errorOf(result)).toMatchObject({ code: 'io', message: expect.stringMatching(/no space is left.*ENOSPC/) });
    expect(await readFile(path('code'), 'utf8')).toBe('1\n');
    expect(await readFile(path('names'), 'utf8')).toBe('output\n');
    expect(await readFile(path('output'), 'utf8')).toBe('before\n');
    expect(await readdir(dirname(path('stream')))).toContain('stream');
    noteFault({ id: 'K01', injected: 'a full tmpfs', reached: 1, outcome: 'exit 1, target untouched, nothing left' });
  });
});
