import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listLeftovers, removeLeftovers } from '../../src/sinks/temporary-name.ts';
import { moduleUrl, runScript, startScript } from '../support/run-script.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const old = Buffer.from('what stood there before');

/** Writes megabytes to $OUT until something fails, and tells what happened and what is left. */
const script = `
  import { readdirSync } from 'node:fs';
  import { dirname } from 'node:path';
  import { createFileSink } from ${moduleUrl('src/sinks/file-sink.ts')};
  const path = process.env.OUT;
  const signal = new AbortController().signal;
  const result = {};
  if (process.env.AS_NOBODY) process.setuid?.(65534);
  try {
    const sink = await createFileSink(path, {}, signal);
    try {
      for (let count = 0; count < 8; count++) {
        await sink.writeTentative(new Uint8Array(1024 * 1024).fill(7), signal);
        await sink.commitSegment(signal);
      }
      await sink.finish(signal);
    } finally {
      await sink.abort();
    }
  } catch (error) {
    result.code = error.code;
    result.message = error.message;
  }
  result.names = readdirSync(dirname(path));
  console.log(JSON.stringify(result));
`;

interface Outcome {
  readonly code?: string;
  readonly message?: string;
  readonly names: readonly string[];
}

async function run(shell: string): Promise<Outcome> {
  const { stdout, stderr } = await runScript(script, { shell });
  expect(stderr).toBe('');
  return JSON.parse(stdout.toString()) as Outcome;
}

const canMount = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0;
const isRoot = process.getuid?.() === 0;

describe('a file sink on a real system', () => {
  it('survives a limit on the size of files', async () => {
    const path = join(await temporaryDirectory(), 'output');
    await writeFile(path, old);
    const outcome = await run(`ulimit -f 2048; OUT='${path}' exec "$@"`);
    expect(outcome).toMatchObject({ code: 'io', message: expect.stringMatching(/output.*EFBIG.*ulimit -f/) });
    expect(outcome.names).toEqual(['output']);
    expect(await readFile(path)).toEqual(old);
  });

  it.runIf(canMount)('survives a full disk', async () => {
    const directory = await temporaryDirectory();
    const mount = `mount -t tmpfs -o size=3m none '${directory}' && echo before > '${directory}/output'`;
    const shell = `export OUT='${directory}/output'; exec unshare -rm bash -c '${mount.replaceAll("'", '"')} && exec "$@"' bash "$@"`;
    const outcome = await run(shell);
    expect(outcome).toMatchObject({ code: 'io', message: expect.stringMatching(/no space is left.*\(ENOSPC\)/) });
    expect(outcome.names).toEqual(['output']);
  });

  it.runIf(canMount)('explains a file system that is read-only', async () => {
    const directory = await temporaryDirectory();
    const shell = `export OUT='${directory}/output'; exec unshare -rm bash -c 'mount -t tmpfs -o ro none "${directory}" && exec "$@"' bash "$@"`;
    const outcome = await run(shell);
    expect(outcome).toMatchObject({ code: 'io', message: expect.stringMatching(/output.*read-only \(EROFS\)/) });
  });

  it.runIf(canMount)('explains a target that is mounted from elsewhere', async () => {
    const directory = await temporaryDirectory();
    await writeFile(join(directory, 'output'), old);
    await writeFile(join(directory, 'other'), old);
    const mount = `mount --bind "${directory}/other" "${directory}/output"`;
    const outcome = await run(
      `export OUT='${directory}/output'; exec unshare -rm bash -c '${mount} && exec "$@"' bash "$@"`,
    );
    expect(outcome).toMatchObject({ code: 'io', message: expect.stringMatching(/mount point \(EBUSY\)/) });
    expect(outcome.names.toSorted()).toEqual(['other', 'output']);
  });

  it('explains a directory in which it may not write', async () => {
    const directory = await temporaryDirectory();
    await chmod(directory, 0o555);
    const outcome = await run(`OUT='${directory}/output' AS_NOBODY=${isRoot ? 1 : ''} exec "$@"`);
    expect(outcome).toMatchObject({
      code: 'io',
      message: expect.stringMatching(/output.*permission denied \(EACCES\)/),
    });
    expect(outcome.names).toEqual([]);
    await chmod(directory, 0o755);
  });

  it('leaves the old file when its process is killed, and what it left can be found and removed', async () => {
    const path = join(await temporaryDirectory(), 'output');
    await writeFile(path, old);
    const child = startScript(`
      import { createFileSink } from ${moduleUrl('src/sinks/file-sink.ts')};
      const signal = new AbortController().signal;
      const sink = await createFileSink(${JSON.stringify(path)}, {}, signal);
      await sink.writeTentative(new Uint8Array(100_000), signal);
      await sink.commitSegment(signal);
      console.log('ready');
      setInterval(() => {}, 1000);
    `);
    await once(child.stdout!, 'data');
    child.kill('SIGKILL');
    await once(child, 'close');
    expect(await readFile(path)).toEqual(old);
    const leftovers = await listLeftovers(path);
    expect(leftovers).toHaveLength(1);
    expect(await removeLeftovers(path, 60_000)).toEqual([]);
    await utimes(leftovers[0]!, new Date(), new Date(Date.now() - 61_000));
    expect(await removeLeftovers(path, 60_000)).toEqual(leftovers);
    expect(await readdir(join(path, '..'))).toEqual(['output']);
  });
});
