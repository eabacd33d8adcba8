import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { moduleUrl, runScript } from '../support/run-script.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

/** Reads standard input with targets of a length that fits nothing, and tells what it got. */
const script = `
  import { createHash } from 'node:crypto';
  import { openStandardInput } from ${moduleUrl('src/sources/standard-input.ts')};
  const source = openStandardInput();
  const signal = AbortSignal.timeout(Number(process.env.TIMEOUT_MS ?? 20_000));
  const target = new Uint8Array(new SharedArrayBuffer(100_003));
  const hash = createHash('sha256');
  let length = 0;
  try {
    for (;;) {
      const count = await source.read(target, signal);
      hash.update(target.subarray(0, count));
      length += count;
      if (count < target.length) break;
    }
    console.log(JSON.stringify({ name: source.name, length, hash: hash.digest('hex') }));
  } catch (error) {
    console.log(JSON.stringify({ code: error.code, message: error.message }));
  }
  await source.close();
`;

const content = new Uint8Array(1_000_000).map((_, index) => index * 7 + (index >> 8));

async function hashOf(bytes: Uint8Array): Promise<string> {
  return Buffer.from(await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>)).toString('hex');
}

describe('standard input', () => {
  it('is read from a pipe', async () => {
    const { stdout, exitCode } = await runScript(script, { input: content });
    expect(JSON.parse(stdout.toString())).toEqual({
      name: 'standard input',
      length: content.length,
      hash: await hashOf(content),
    });
    expect(exitCode).toBe(0);
  });

  it('is read from a file, from where others have left it', async () => {
    const path = join(await temporaryDirectory(), 'input');
    await writeFile(path, content);
    const shell = `{ dd bs=10 count=1 of=/dev/null status=none; "$@"; } < '${path}'`;
    const { stdout } = await runScript(script, { shell });
    expect(JSON.parse(stdout.toString())).toMatchObject({
      length: content.length - 10,
      hash: await hashOf(content.subarray(10)),
    });
  });

  it('can be a device', async () => {
    const { stdout } = await runScript(script, { shell: '"$@" < /dev/null' });
    expect(JSON.parse(stdout.toString())).toMatchObject({ length: 0 });
  });

  it('can be closed from the start', async () => {
    const { stdout } = await runScript(script, { shell: '"$@" <&-' });
    expect(JSON.parse(stdout.toString())).toMatchObject({ length: 0 });
  });

  it('is refused with words if it is a directory', async () => {
    const { stdout, exitCode } = await runScript(script, { shell: '"$@" < /' });
    expect(JSON.parse(stdout.toString())).toMatchObject({
      code: 'io',
      message: expect.stringMatching(/standard input.*directory/),
    });
    expect(exitCode).toBe(0);
  });

  it('that never ends can be given up, and the process ends by itself', async () => {
    const { stdout, exitCode } = await runScript(script, { input: 'open', shell: 'TIMEOUT_MS=100 "$@"' });
    expect(JSON.parse(stdout.toString())).toMatchObject({ code: 'aborted' });
    expect(exitCode).toBe(0);
  });
});
