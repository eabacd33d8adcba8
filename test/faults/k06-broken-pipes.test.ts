import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { errorOf, runInProcess } from '../cli/cli-in-process.ts';
import { runProcess } from '../cli/cli-process.ts';
import { randomLooking } from '../support/content.ts';
import { noteFault } from '../support/fault-log.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

// K06: the reader of standard output goes away. Whoever looks at the exit code knows that it got no more than a part.

const content = randomLooking(3_000_000, 'k06');

async function ground() {
  const directory = await temporaryDirectory();
  const path = (name: string) => join(directory, name);
  await writeFile(path('a.key'), `${'ab'.repeat(32)}\n`);
  await writeFile(path('content'), content);
  const key = ['--key-file', path('a.key')];
  const sizes = ['--segment-size', '64K'];
  const encrypted = await runInProcess(['encrypt', '-q', path('content'), '-o', path('stream'), ...sizes, ...key]);
  expect(encrypted.exitCode).toBe(0);
  const store = `dir:${path('store')}//bucket/k`;
  expect((await runInProcess(['put', '-q', path('content'), store, ...key])).exitCode).toBe(0);
  return { path, key, store };
}

type Ground = Awaited<ReturnType<typeof ground>>;

const commands: readonly (readonly [string, (ground: Ground) => string[]])[] = [
  ['decrypt', ({ path, key }) => ['decrypt', '--json', path('stream'), ...key]],
  ['decrypt --range', ({ path, key }) => ['decrypt', '--json', path('stream'), '--range', '5-2900000', ...key]],
  ['get', ({ store, key }) => ['get', '--json', store, '-', ...key]],
  ['encrypt', ({ path, key }) => ['encrypt', '--json', path('content'), ...key]],
];

describe('K06: a reader of standard output that goes away', () => {
  it.each(commands)('%s ends with 1 and says that what was read is incomplete', async (name, commandOf) => {
    const made = await ground();
    const result = await runProcess(commandOf(made), {
      // In bash that is the code of the pipe's first member, which is the command itself.
      shell: '"$@" | head -c 70000; exit "$PIPESTATUS"',
    });
    expect([result.exitCode, result.killedBy]).toEqual([1, null]);
    expect(errorOf(result).code).toBe('io');
    expect(errorOf(result).message).toMatch(
      /^The reader of standard output went away \(EPIPE\).*incomplete: discard it/,
    );
    expect(result.stdout).toHaveLength(70_000);
    // What came through was verified before it was let go.
    if (name !== 'encrypt') {
      const start = name === 'decrypt --range' ? 5 : 0;
      expect(Buffer.compare(result.stdout, content.subarray(start, start + 70_000))).toBe(0);
    }
    noteFault({ id: 'K06', injected: `EPIPE under ${name}`, reached: 1, outcome: 'exit 1, told to discard' });
  });

  it('one that was never there', async () => {
    const made = await ground();
    const result = await runProcess(['decrypt', '--json', made.path('stream'), ...made.key], {
      shell: '{ sleep 0.2; "$@"; echo $? >&2; } | true; sleep 0.1',
    });
    expect(result.stderr).toMatch(/EPIPE.*\n1\n$/);
    noteFault({ id: 'K06', injected: 'EPIPE at the first byte', reached: 1, outcome: 'exit 1' });
  });

  it.each(['decrypt', 'get'])('the help of %s says what a failure in a pipe means', async (command) => {
    const { out, stderr } = await runInProcess([command, '--help']);
    expect(`${out}${stderr}`.replaceAll(/\s+/g, ' ')).toContain('Believe none of it before exit code 0.');
  });
});
