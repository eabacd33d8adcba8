import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { moduleUrl, runScript } from '../support/run-script.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const sizeBytes = 3_000_000;

/** Writes to standard output, or to the path in $OUT, and tells on standard error what happened. */
const script = `
  import { createFileSink } from ${moduleUrl('src/sinks/file-sink.ts')};
  import { openStandardOutput } from ${moduleUrl('src/sinks/standard-output.ts')};
  const signal = AbortSignal.timeout(Number(process.env.TIMEOUT_MS ?? 20_000));
  const bytes = new Uint8Array(new SharedArrayBuffer(1_000_000));
  const result = {};
  try {
    const path = process.env.OUT;
    const sink = path === undefined ? openStandardOutput() : await createFileSink(path, {}, signal);
    result.irreversible = sink.irreversible;
    try {
      for (let count = 0; count < 3; count++) {
        bytes.fill(count + 1);
        await sink.writeTentative(bytes, signal);
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
  process.stderr.write(JSON.stringify(result));
  process.exit();
`;

function expectWhole(output: Buffer): void {
  expect(output.length).toBe(sizeBytes);
  expect(output.every((byte, index) => byte === 1 + Math.floor(index / 1_000_000))).toBe(true);
}

describe.each([
  ['standard output', ''],
  ['/dev/stdout', 'export OUT=/dev/stdout; '],
])('%s', (name, before) => {
  it('is written to a pipe', async () => {
    const { stdout, stderr } = await runScript(script, { shell: `${before}"$@" | cat` });
    expectWhole(stdout);
    expect(JSON.parse(stderr)).toEqual({ irreversible: true });
  });

  it('says when its reader went away', async () => {
    const { stdout, stderr } = await runScript(script, { shell: `${before}"$@" | head -c 10` });
    expect(stdout).toHaveLength(10);
    expect(JSON.parse(stderr)).toMatchObject({
      code: 'io',
      message: expect.stringMatching(new RegExp(`^The reader of ${name} went away \\(EPIPE\\)`)),
    });
  });

  it('says when its reader was never there', async () => {
    const { stderr } = await runScript(script, { shell: `${before}{ sleep 0.1; "$@"; } | true` });
    expect(JSON.parse(stderr)).toMatchObject({ code: 'io', message: expect.stringContaining('EPIPE') });
  });

  it('can be given up while its reader does not read', async () => {
    const { stderr } = await runScript(script, { shell: `${before}TIMEOUT_MS=200 "$@" | sleep 1` });
    expect(JSON.parse(stderr)).toMatchObject({ code: 'aborted' });
  });

  it('can be a device, and a full one', async () => {
    const good = await runScript(script, { shell: `${before}"$@" > /dev/null` });
    expect(JSON.parse(good.stderr)).toEqual({ irreversible: true });
    const bad = await runScript(script, { shell: `${before}"$@" > /dev/full` });
    expect(JSON.parse(bad.stderr)).toMatchObject({
      code: 'io',
      message: expect.stringMatching(new RegExp(`^${name} could not be written: no space is left`)),
    });
  });
});

describe('standard output in a file', () => {
  it('is written where it stands', async () => {
    const path = join(await temporaryDirectory(), 'output');
    const { stderr } = await runScript(script, { shell: `{ printf before; "$@"; printf after; } > '${path}'` });
    const output = await readFile(path);
    expect(output.subarray(0, 6).toString()).toBe('before');
    expectWhole(output.subarray(6, -5));
    expect(output.subarray(-5).toString()).toBe('after');
    expect(JSON.parse(stderr)).toEqual({ irreversible: true });
  });

  it('is appended to if so opened', async () => {
    const path = join(await temporaryDirectory(), 'output');
    await writeFile(path, 'before');
    await runScript(script, { shell: `"$@" >> '${path}'` });
    expect((await readFile(path)).subarray(0, 6).toString()).toBe('before');
    expect((await readFile(path)).length).toBe(6 + sizeBytes);
  });

  it('is not replaced by way of /dev/stdout', async () => {
    const path = join(await temporaryDirectory(), 'output');
    const { stderr } = await runScript(script, { shell: `OUT=/dev/stdout "$@" > '${path}'` });
    expect(JSON.parse(stderr)).toMatchObject({ code: 'io', message: expect.stringContaining('symbolic link') });
  });
});
