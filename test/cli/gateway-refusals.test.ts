import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { errorOf } from './cli-in-process.ts';
import { accessFile, certificate, certificateKey, keyFile, noPorts, secret } from './gateway-ground.ts';
import { startInProcess } from './gateway-in-process.ts';

describe('what is refused', () => {
  const refused = async (
    home: string,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<readonly [number, string, string]> => {
    const run = startInProcess([...args, '--json'], { home, env });
    const exitCode = await run.ended;
    expect(run.stderr()).not.toContain(secret);
    const { code, message } = errorOf({ stderr: run.stderr() });
    return [exitCode, code, message];
  };

  it('O03: settings that are wrong, by where they stand', async () => {
    const home = await temporaryDirectory();
    const file = join(home, 'gw.json');
    await writeFile(file, '{"listen": "x"}');
    await writeFile(join(home, 'broken.json'), '{"listen": "x"');
    for (const [args, env, message] of [
      [['--listen', '1'], {}, '--listen is "1": expected HOST:PORT'],
      [['--config', file], {}, `listen in ${file} is "x": expected HOST:PORT`],
      [[], { SEALPART_GATEWAY_CONFIG: file }, `listen in ${file} is "x"`],
      [[], { SEALPART_GATEWAY_CONFIG: '' }, 'SEALPART_GATEWAY_CONFIG is empty'],
      [['--config', join(home, 'none.json')], {}, `--config names ${home}/none.json, which cannot be read (ENOENT)`],
      [['--config', join(home, 'broken.json')], {}, `${home}/broken.json is not JSON`],
      [['--memory', '1KiB'], {}, '--memory is "1KiB": expected a size from 32MiB'],
      [['--tls-cert', 'x'], {}, '--tls-key is not'],
    ] as const) {
      expect([args, ...(await refused(home, args, env))]).toEqual([
        args,
        2,
        'bad-parameters',
        expect.stringContaining(message),
      ]);
    }
    expect((await readdir(home)).sort()).toEqual(['broken.json', 'gw.json']);
  });

  it('O03, A16: a store without keys, and keys that nobody should have', async () => {
    const home = await temporaryDirectory();
    const key = await keyFile(home);
    const s3 = ['--store', 's3', '--endpoint-url', 'http://127.0.0.1:1', '--region', 'us-east-1'];
    const dir = ['--store', `dir:${join(home, 'store')}`];
    const mine = { SEALPART_ACCESS_KEY_ID: 'mine', SEALPART_SECRET_ACCESS_KEY: secret };
    for (const store of [s3, dir]) {
      expect(await refused(home, store, mine)).toEqual([
        2,
        'bad-parameters',
        expect.stringContaining('There is no key to encrypt with'),
      ]);
      expect(await refused(home, [...store, '--key-file', key])).toEqual([
        2,
        'bad-parameters',
        expect.stringContaining('There is no access key'),
      ]);
    }
    for (const [env, message] of [
      [{ ...mine, SEALPART_SECRET_ACCESS_KEY: '' }, 'SEALPART_SECRET_ACCESS_KEY is empty'],
      [{ ...mine, SEALPART_SECRET_ACCESS_KEY: 'minioadmin' }, 'SEALPART_SECRET_ACCESS_KEY is shorter than 16'],
      [{ ...mine, SEALPART_ACCESS_KEY_ID: 'minioadmin' }, 'SEALPART_ACCESS_KEY_ID is a default that everybody knows'],
      [{ SEALPART_ACCESS_KEY_ID: 'mine' }, 'SEALPART_ACCESS_KEY_ID is set, and SEALPART_SECRET_ACCESS_KEY is not'],
      [{ SEALPART_SECRET_ACCESS_KEY: secret }, 'SEALPART_SECRET_ACCESS_KEY is set, and SEALPART_ACCESS_KEY_ID is not'],
    ] as const) {
      expect(await refused(home, [...dir, '--key-file', key], env)).toEqual([
        2,
        'bad-key',
        expect.stringContaining(message),
      ]);
    }
    const missing = await refused(home, [...dir, '--key-file', join(home, 'no.key')], mine);
    expect(missing).toEqual([2, 'bad-key', expect.stringContaining('no.key')]);
    await writeFile(join(home, 'access.json'), accessFile(['one', 'one']));
    const twice = await refused(home, [...dir, '--key-file', key, '--access-keys', join(home, 'access.json')]);
    expect(twice).toEqual([2, 'bad-key', expect.stringContaining('keys[1].id is that of another key too')]);
    // Nothing was made for any of them.
    expect((await readdir(home)).sort()).toEqual(['a.key', 'access.json']);
  });

  it('a key inside of the store, also by way of a link', async () => {
    const home = await temporaryDirectory();
    const env = { SEALPART_ACCESS_KEY_ID: 'mine', SEALPART_SECRET_ACCESS_KEY: secret };
    await mkdir(join(home, 'store'));
    const key = await keyFile(join(home, 'store'));
    const found = await refused(home, ['--store', `dir:${join(home, 'store')}`, '--key-file', key], env);
    expect(found).toEqual([2, 'bad-parameters', expect.stringContaining('is inside of the store')]);
  });

  it('certificates that are none, or whose key is another one', async () => {
    const home = await temporaryDirectory();
    const other = join(home, 'other.pem');
    await writeFile(other, 'no key');
    for (const [cert, key, message] of [
      [other, certificateKey, `--tls-cert names ${other}, which is no certificate in PEM`],
      [certificate, other, `--tls-key names ${other}, which is not the private key of ${certificate}`],
      [certificate, join(home, 'none'), 'which cannot be read (ENOENT)'],
    ] as const) {
      const found = await refused(home, [...noPorts, '--tls-cert', cert, '--tls-key', key]);
      expect(found).toEqual([2, 'bad-parameters', expect.stringContaining(message)]);
    }
    expect(await readdir(home)).toEqual(['other.pem']);
  });

  it('a store that is the gateway itself', async () => {
    const home = await temporaryDirectory();
    const env = { SEALPART_ACCESS_KEY_ID: 'mine', SEALPART_SECRET_ACCESS_KEY: secret };
    const key = await keyFile(home);
    for (const [listen, endpoint] of [
      ['127.0.0.1:9440', 'http://localhost:9440'],
      ['0.0.0.0:9440', 'http://127.0.0.1:9440/'],
      ['[::1]:9440', 'https://[::1]:9440'],
    ] as const) {
      const args = ['--store', 's3', '--endpoint-url', endpoint, '--listen', listen, '--key-file', key];
      expect(await refused(home, args, env)).toEqual([
        2,
        'bad-parameters',
        expect.stringContaining('is this gateway itself'),
      ]);
    }
  });
});
