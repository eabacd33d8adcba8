import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { listLeftovers, removeLeftovers } from '../../src/sinks/temporary-name.ts';
import { noteFault } from '../support/fault-log.ts';
import { moduleUrl, runScript } from '../support/run-script.ts';
import { inlinePool } from '../support/streams.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { decryptTo, fiveSegments, oldContent, outputPath, standingAt } from './output-file.ts';

// K02: a process is killed around the step that puts its output in place. Without a fsync of the directory the disk may
// hold the old name or the new one after a loss of power; both stand for a whole file, which is what is looked at here.

const pool = inlinePool();
afterAll(() => pool.close());

/** Decrypts $STREAM to $OUT, tells each call on the file system, and kills itself before or after that of number $AT. */
const script = `
  import { writeSync } from 'node:fs';
  import { readFile } from 'node:fs/promises';
  import { decryptStream } from ${moduleUrl('src/pipelines/decrypt-stream.ts')};
  import { createFileSink } from ${moduleUrl('src/sinks/file-sink.ts')};
  import { createMemorySource } from ${moduleUrl('src/sources/memory-source.ts')};
  import { failingFileOperations } from ${moduleUrl('test/support/failing-file-operations.ts')};
  import { access, calm, inlinePool } from ${moduleUrl('test/support/streams.ts')};
  const { STREAM, OUT, AT, WHEN } = process.env;
  const operations = failingFileOperations(({ operation, path }, number) => {
    const what = operation === 'sync' && !path.endsWith('.tmp') ? 'directory-sync' : operation;
    writeSync(1, number + ' ' + what + '\\n');
    return number === Number(AT) ? 'stop-' + WHEN : 'done';
  });
  operations.stopped.then(() => process.kill(process.pid, 'SIGKILL'));
  const sink = await createFileSink(OUT, { operations }, calm);
  const input = createMemorySource(await readFile(STREAM));
  await decryptStream({ input, sink, access, pool: inlinePool() }, calm);
`;

interface Death {
  readonly path: string;
  readonly calls: readonly string[];
  readonly killedBy: NodeJS.Signals | null;
}

async function die(stream: string, at: number, when: 'before' | 'after'): Promise<Death> {
  const path = await outputPath(oldContent);
  const shell = `export STREAM='${stream}' OUT='${path}' AT=${at} WHEN=${when}; exec "$@"`;
  const { stdout, stderr, killedBy } = await runScript(script, { shell });
  expect(stderr).toBe('');
  const calls = stdout.toString().trimEnd().split('\n');
  return { path, calls: calls.map((line) => line.split(' ')[1]!), killedBy };
}

describe('K02: a process that is killed while its output is put in place', () => {
  it.each(['before', 'after'] as const)('%s each step: what stands there is old or new, and whole', async (when) => {
    const made = await fiveSegments();
    const stream = join(await temporaryDirectory(), 'stream');
    await writeFile(stream, made.bytes);
    const whole = await die(stream, -1, when);
    expect(whole.killedBy).toBeNull();
    expect(await standingAt(whole.path)).toEqual(made.content);
    const placing = whole.calls.indexOf('rename');
    expect(placing).toBeGreaterThan(whole.calls.indexOf('sync'));

    const reached = new Map<string, number>();
    for (let at = placing - 1; at < whole.calls.length; at++) {
      const { path, calls, killedBy } = await die(stream, at, when);
      expect([killedBy, calls.length - 1]).toEqual(['SIGKILL', at]);
      const isPlaced = at > placing || (at === placing && when === 'after');
      expect(await standingAt(path)).toEqual(isPlaced ? made.content : oldContent);
      // What it left can be found, and is in nobody's way.
      expect((await listLeftovers(path)).length).toBe(isPlaced ? 0 : 1);
      await decryptTo(path, made.bytes, pool);
      expect(await standingAt(path)).toEqual(made.content);
      await removeLeftovers(path, 0);
      expect(await listLeftovers(path)).toEqual([]);
      reached.set(calls.at(-1)!, (reached.get(calls.at(-1)!) ?? 0) + 1);
    }
    expect([...reached.keys()]).toEqual(expect.arrayContaining(['rename', 'directory-sync']));
    for (const [step, times] of reached) {
      noteFault({ id: 'K02', injected: `SIGKILL ${when} ${step}`, reached: times, outcome: 'old or new, complete' });
    }
  });
});
