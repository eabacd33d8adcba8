import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { exitCodeOf } from '../../src/cli/exit-codes.ts';
import { type ErrorCode, SealpartError } from '../../src/errors.ts';
import { fromHex } from '../../src/format/bytes.ts';
import { formatIdentity } from '../../src/keys/key-text.ts';
import { x25519PrivateKey } from '../../src/keys/x25519-keys.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { errorOf, runInProcess } from './cli-in-process.ts';

const root = fileURLToPath(new URL('../vectors', import.meta.url));

interface Vector {
  readonly name: string;
  readonly keys: {
    readonly key_file?: string;
    readonly passphrase?: string;
    readonly x25519_private?: string;
    readonly origin_key?: string;
    readonly kms?: unknown;
  };
  readonly asked?: { readonly bucket: string; readonly key: string };
  readonly content?: { readonly length: number; readonly sha256: string };
  readonly ranges?: readonly { readonly first: number; readonly last: number; readonly sha256: string }[];
  readonly stream_digest?: string;
  readonly expect?: { readonly code: ErrorCode; readonly segment?: number; readonly frame?: number };
}

/** The flags that give a vector's keys, or undefined if the command line has none for them. */
async function flagsOf({ name, keys, asked }: Vector, directory: string): Promise<string[] | undefined> {
  const flags: string[] = [];
  const give = async (flag: string, text: string | undefined): Promise<void> => {
    if (text === undefined) return;
    const file = join(directory, `${name}${flag}`);
    await writeFile(file, `${text}\n`);
    flags.push(flag, file);
  };
  if (keys.kms !== undefined) return undefined;
  await give('--key-file', keys.key_file);
  await give('--passphrase-file', keys.passphrase);
  const identity = keys.x25519_private;
  await give('--identity', identity && formatIdentity(x25519PrivateKey(fromHex(identity)!)));
  if (flags.length === 0) return undefined;
  await give('--origin-key', keys.origin_key);
  if (asked !== undefined) flags.push('--object-name', `${asked.bucket}/${asked.key}`);
  return flags;
}

async function vectorsOf(kind: 'accept' | 'refuse'): Promise<Vector[]> {
  const names = (await readdir(join(root, kind))).filter((name) => name.endsWith('.json'));
  return Promise.all(names.map(async (name) => JSON.parse(await readFile(join(root, kind, name), 'utf8')) as Vector));
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

it('every stream that must be refused is refused with its code, its place and the exit code of it', async () => {
  const directory = await temporaryDirectory();
  const outputs = await temporaryDirectory();
  let judged = 0;
  for (const vector of await vectorsOf('refuse')) {
    const flags = await flagsOf(vector, directory);
    if (flags === undefined) continue;
    const file = join(root, 'refuse', `${vector.name}.stream`);
    const output = join(outputs, 'out');
    const result = await runInProcess(['decrypt', '--workers', '0', '--json', '-o', output, ...flags, file]);
    const { message, ...refusal } = errorOf(result);
    expect([vector.name, refusal]).toEqual([vector.name, expect.objectContaining(vector.expect!)]);
    expect([vector.name, result.exitCode]).toEqual([
      vector.name,
      exitCodeOf(new SealpartError(vector.expect!.code, ''), new AbortController().signal),
    ]);
    expect(message).not.toMatch(/\n/);
    judged++;
  }
  expect(judged).toBeGreaterThan(100);
  expect(await readdir(outputs)).toEqual([]);
});

it('every stream that must decrypt does, from a file and from a pipe, whole and in ranges', async () => {
  const directory = await temporaryDirectory();
  let judged = 0;
  for (const vector of await vectorsOf('accept')) {
    const flags = await flagsOf(vector, directory);
    if (flags === undefined) continue;
    const file = join(root, 'accept', `${vector.name}.stream`);
    const decrypt = ['decrypt', '--workers', '0', '--json', ...flags];
    const whole = await runInProcess([...decrypt, file]);
    expect([vector.name, whole.exitCode, sha256(whole.stdout)]).toEqual([vector.name, 0, vector.content!.sha256]);
    expect(JSON.parse(whole.stderr.trimEnd().split('\n').at(-1)!)).toMatchObject({
      command: 'decrypt',
      contentBytes: vector.content!.length,
      streamDigest: vector.stream_digest,
    });
    // An indexed stream from a pipe is judged from its end: it goes through a temporary file.
    const piped = await runInProcess(decrypt, { input: await readFile(file) });
    expect([vector.name, piped.exitCode, sha256(piped.stdout)]).toEqual([vector.name, 0, vector.content!.sha256]);
    const range = vector.ranges?.at(-1);
    if (range !== undefined) {
      const asked = [...decrypt, '--range', `${range.first}-${range.last}`];
      for (const part of [
        await runInProcess([...asked, file]),
        await runInProcess([...asked, '-'], { input: await readFile(file) }),
      ]) {
        expect([vector.name, part.exitCode, sha256(part.stdout)]).toEqual([vector.name, 0, range.sha256]);
      }
    }
    judged++;
  }
  expect(judged).toBeGreaterThan(30);
});

it('inspect and verify --no-key take every stream that is sound, and need no key', async () => {
  for (const vector of await vectorsOf('accept')) {
    const file = join(root, 'accept', `${vector.name}.stream`);
    const fromPipe = { input: await readFile(file) };
    const results = await Promise.all([
      runInProcess(['verify', '--no-key', '-q', file]),
      runInProcess(['verify', '--no-key', '-q', '-'], fromPipe),
      runInProcess(['inspect', '-q', '--all', file]),
      runInProcess(['inspect', '-q', '--all', '-'], fromPipe),
    ]);
    expect([vector.name, ...results.map(({ exitCode }) => exitCode)]).toEqual([vector.name, 0, 0, 0, 0]);
    expect(results.map(({ stderr }) => stderr)).toEqual(['', '', '', '']);
    expect(results[3].out).toBe(results[2].out);
  }
});
