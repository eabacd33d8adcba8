import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseIdentityFile, parseKeyFile, parsePublicKey } from '../../src/keys/key-text.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { errorOf, runInProcess } from './cli-in-process.ts';
import { runProcess } from './cli-process.ts';

it('a key file is made for its owner only, says what it is, and is never replaced', async () => {
  const directory = await temporaryDirectory();
  const path = join(directory, 'my.key');
  // An open umask must not make it readable to others.
  const made = await runProcess(['keygen', '-o', 'my.key'], { cwd: directory, shell: 'umask 0; exec "$@"' });
  expect([made.exitCode, made.out]).toEqual([0, '']);
  expect(made.stderr).toMatch(/^keygen to \S*my\.key, memory at most \d+ MiB\nkey id [0-9a-f]{16}\n$/);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  const bytes = await readFile(path);
  expect(bytes.toString()).toMatch(/^# .*secret.*\n# key id: [0-9a-f]{16}\n[0-9a-f]{64}\n$/);
  expect(parseKeyFile(bytes, 'my.key').symmetricKeySize).toBe(32);
  const again = await runInProcess(['keygen', '--json', '-o', path]);
  expect([again.exitCode, errorOf(again).code]).toEqual([1, 'exists']);
  expect(errorOf(again).message).toContain('move the old key away');
  expect(await readFile(path)).toEqual(bytes);
  expect(await readdir(directory)).toEqual(['my.key']);
});

it('an identity tells its public key', async () => {
  const directory = await temporaryDirectory();
  const path = join(directory, 'me.key');
  const made = await runInProcess(['keygen', '--x25519', '-o', path]);
  expect(made.exitCode).toBe(0);
  const publicKey = /public key (sealpart1\S+)\n$/.exec(made.stderr)?.[1];
  expect(parsePublicKey(publicKey!, 'test')).toHaveLength(32);
  const bytes = await readFile(path);
  expect(bytes.toString()).toContain(`# public key: ${publicKey}\nSEALPART-SECRET-KEY-1`);
  expect(parseIdentityFile(bytes, 'me.key').type).toBe('private');
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

it('without a file the key itself goes to standard output, and nothing else does', async () => {
  const [key, json, identity] = await Promise.all([
    runInProcess(['keygen']),
    runInProcess(['keygen', '--json', '-o', '-']),
    runInProcess(['keygen', '--x25519', '--quiet']),
  ]);
  expect(parseKeyFile(key.stdout, 'stdout').symmetricKeySize).toBe(32);
  expect(parseKeyFile(json.stdout, 'stdout').symmetricKeySize).toBe(32);
  expect(JSON.parse(json.stderr.trimEnd().split('\n').at(-1)!)).toEqual({
    command: 'keygen',
    output: 'standard output',
    kind: 'key-file',
    keyId: expect.stringMatching(/^[0-9a-f]{16}$/),
  });
  expect(parseIdentityFile(identity.stdout, 'stdout').type).toBe('private');
  expect(identity.stderr).toBe('');
  for (const { exitCode, stderr, stdout } of [key, json, identity]) {
    expect(exitCode).toBe(0);
    const secret = stdout.toString().trimEnd().split('\n').at(-1)!;
    expect(stderr).not.toContain(secret);
  }
});

it('with --json a file is told of as JSON on standard output, without the secret', async () => {
  const path = join(await temporaryDirectory(), 'me.key');
  const made = await runInProcess(['keygen', '--x25519', '--json', '-o', path]);
  const result = JSON.parse(made.out);
  expect(result).toEqual({
    command: 'keygen',
    output: path,
    kind: 'x25519',
    keyId: expect.stringMatching(/^[0-9a-f]{16}$/),
    publicKey: expect.stringMatching(/^sealpart1/),
  });
  expect(JSON.parse(made.stderr)).toEqual({ start: { command: 'keygen', output: path, memoryBytes: 150 * 2 ** 20 } });
  expect(made.out + made.stderr).not.toContain('SECRET');
});

it('two keys are never the same', async () => {
  const [one, other] = await Promise.all([runInProcess(['keygen']), runInProcess(['keygen'])]);
  expect(one.out).not.toBe(other.out);
});

it('a key for a place that cannot be written is refused', async () => {
  const directory = await temporaryDirectory();
  await writeFile(join(directory, 'file'), '');
  for (const output of [directory, join(directory, 'nowhere', 'k'), join(directory, 'file', 'k')]) {
    expect((await runInProcess(['keygen', '-o', output])).exitCode).toBe(1);
  }
  expect(await readdir(directory)).toEqual(['file']);
});
