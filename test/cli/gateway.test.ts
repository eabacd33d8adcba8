import { chmod, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SealpartError } from '../../src/errors.ts';
import { openDirectoryStore } from '../../src/objects/directory/open-directory-store.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { errorOf } from './cli-in-process.ts';
import { until } from './cli-process.ts';
import {
  accessFile,
  certificate,
  certificateKey,
  keyFile,
  noPorts,
  secret,
  started,
  stopped,
} from './gateway-ground.ts';
import { startInProcess } from './gateway-in-process.ts';

describe('with nothing configured', () => {
  it('makes a store, a key and an access key, tells them once, and uses them again', async () => {
    const home = await temporaryDirectory();
    const first = await stopped(startInProcess(noPorts, { home }));
    const options = await first.options;
    const [, id, told] = /AWS_ACCESS_KEY_ID=(\S+)\n {2}export AWS_SECRET_ACCESS_KEY=(\S+)\n/.exec(first.stderr())!;
    const key = join(home, '.config/sealpart/gateway.key');
    const access = join(home, '.config/sealpart/access-keys.json');
    const store = `dir:${join(home, '.local/share/sealpart/store')}`;
    const manifest = `sqlite:${join(home, '.local/state/sealpart/gateway.db')}`;
    expect(first.stderr()).toBe(
      [
        `gateway http://127.0.0.1:0 (for this machine only) in front of ${store}, memory at most 300 MiB`,
        `made ${key}: KEEP A COPY OF IT somewhere else. Without it nothing in the store can be read again.`,
        `made an access key, told only now; it stands in ${access}:`,
        `  export AWS_ACCESS_KEY_ID=${id}`,
        `  export AWS_SECRET_ACCESS_KEY=${told}`,
        '  export AWS_DEFAULT_REGION=us-east-1',
        `${manifest}; health and metrics at http://127.0.0.1:9`,
        `1 access key, no anonymous access (${access})`,
        'to try it, in another terminal, after the three lines with export:',
        '  aws --endpoint-url http://127.0.0.1:0 s3 mb s3://first',
        '  aws --endpoint-url http://127.0.0.1:0 s3 cp README.md s3://first/',
        'stopping at SIGTERM: requests have 25 s to end',
        '',
      ].join('\n'),
    );
    expect([id, told]).toEqual([
      expect.stringMatching(/^SEALPART[A-Z2-7]{12}$/),
      expect.stringMatching(/^[A-Z2-7]{40}$/),
    ]);
    expect(options.accessKeys.findSecret(id!)).toBe(told);
    expect(options.accessKeys.allows(id, 'admin', 'any')).toBe(true);
    expect([options.store.name, options.manifest.name, options.region]).toEqual([store, manifest, 'us-east-1']);
    for (const path of [key, access]) expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(join(home, '.config/sealpart'))).mode & 0o777).toBe(0o700);
    // Nothing that opens what is stored is in the store, nor beside it.
    const keyDigits = /^[0-9a-f]{64}$/m.exec(await readFile(key, 'utf8'))![0];
    for (const entry of await readdir(join(home, '.local'), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const bytes = await readFile(join(entry.parentPath, entry.name));
      expect([entry.name, bytes.includes(Buffer.from(keyDigits, 'hex')), bytes.includes(told!)]).toEqual([
        entry.name,
        false,
        false,
      ]);
    }

    const before = await Promise.all([key, access].map((path) => readFile(path, 'utf8')));
    const second = await stopped(startInProcess(noPorts, { home }));
    expect((await second.options).accessKeys.findSecret(id!)).toBe(told);
    expect(second.stderr()).not.toMatch(/made|export|AWS/);
    expect(second.stderr()).not.toContain(told);
    expect(await Promise.all([key, access].map((path) => readFile(path, 'utf8')))).toEqual(before);
  });

  it('tells what it has made also where the start fails after it: it would never be told again', async () => {
    const home = await temporaryDirectory();
    const open = (): Promise<never> => Promise.reject(new SealpartError('io', 'The port is taken.'));
    const run = startInProcess(noPorts, { home, open });
    expect(await run.ended).toBe(1);
    expect(run.stderr()).toMatch(/made .*gateway\.key.*\n.*\n {2}export AWS_ACCESS_KEY_ID=\S+\n {2}export AWS_SECRET/);
    expect(run.stderr()).toMatch(/sealpart: io: The port is taken\.\n$/);
  });

  it('keeps to the folders that the environment names', async () => {
    const home = await temporaryDirectory();
    const env = { XDG_DATA_HOME: join(home, 'd'), XDG_CONFIG_HOME: join(home, 'c'), XDG_STATE_HOME: join(home, 's') };
    await stopped(startInProcess(noPorts, { home, env }));
    expect((await readdir(home)).sort()).toEqual(['c', 'd', 's']);
    expect(await readdir(join(home, 'd/sealpart'))).toEqual(['store']);
    expect((await readdir(join(home, 'c/sealpart'))).sort()).toEqual(['access-keys.json', 'gateway.key']);
    expect(await readdir(join(home, 's/sealpart'))).toContain('gateway.db');
  });

  it('makes no new key for a store whose key is gone, as long as anything is in it', async () => {
    const home = await temporaryDirectory();
    await stopped(startInProcess(noPorts, { home }));
    const key = join(home, '.config/sealpart/gateway.key');
    await rm(key);
    // An empty store loses nothing by a new key.
    expect((await stopped(startInProcess(noPorts, { home }))).stderr()).toContain(`made ${key}`);
    const store = await openDirectoryStore(join(home, '.local/share/sealpart/store'), { create: false });
    const { signal } = new AbortController();
    await store.createBucket('empty', signal);
    await store.createBucket('full', signal);
    await store.put({ bucket: 'full', key: 'k' }, new Uint8Array(1), {}, {}, signal);
    await store.close();
    await rm(key);
    const run = startInProcess([...noPorts, '--json'], { home });
    expect(await run.ended).toBe(2);
    const { code, message } = errorOf({ stderr: run.stderr() });
    expect(code).toBe('bad-key');
    expect(message).toContain(`${key} is not there, and dir:${join(home, '.local/share/sealpart/store')} has objects`);
    expect(message).toContain('Put it back from its copy');
    expect(await readdir(join(home, '.config/sealpart'))).toEqual(['access-keys.json']);
  });

  it('makes only what the settings leave to it', async () => {
    const home = await temporaryDirectory();
    const env = { SEALPART_ACCESS_KEY_ID: 'mine', SEALPART_SECRET_ACCESS_KEY: secret };
    const run = await stopped(startInProcess([...noPorts, '--key-file', await keyFile(home)], { home, env }));
    expect((await run.options).accessKeys.findSecret('mine')).toBe(secret);
    expect(run.stderr()).toContain('1 access key, no anonymous access (of the environment)');
    expect(run.stderr()).not.toContain('made');
    expect(await readdir(home)).not.toContain('.config');
  });
});

describe('what is configured', () => {
  it('is what the gateway is opened with', async () => {
    const home = await temporaryDirectory();
    const access = join(home, 'access.json');
    await writeFile(access, accessFile(['one', 'two']), { mode: 0o600 });
    const config = join(home, 'gateway.json');
    await writeFile(
      config,
      JSON.stringify({
        accessKeys: access,
        domains: ['s3.example.org'],
        buckets: { copy: 'original' },
        etag: 'opaque',
        workers: 1,
        memory: '32MiB',
      }),
    );
    const args = ['--config', config, '--store', `dir:${join(home, 'store')}`, '--key-file', await keyFile(home)];
    const more = [
      '--key-file',
      await keyFile(home, 'b.key', 'cd'),
      '--tls-cert',
      certificate,
      '--tls-key',
      certificateKey,
    ];
    const settings = [
      '--plaintext',
      'pass',
      '--no-names-in-context',
      '--region',
      'eu-west-1',
      '--owner',
      'me',
      '--admin-listen',
      'none',
    ];
    const env = {
      SEALPART_GATEWAY_MEMORY: '64MiB',
      SEALPART_GATEWAY_ETAG: 'md5',
      SEALPART_GATEWAY_MANIFEST: `sqlite:${home}/m.db`,
    };
    const run = await stopped(
      startInProcess(
        [...args, ...more, ...settings, '--listen', '0.0.0.0:0', '--digest', 'sha256', '--etag', 'opaque'],
        { home, env },
      ),
    );
    const options = await run.options;
    expect(options).toMatchObject({
      listen: { host: '0.0.0.0', port: 0 },
      adminListen: undefined,
      memoryBytes: 64 * 2 ** 20,
      workers: 1,
      digestAlg: 1,
      etags: 'opaque',
      plaintext: 'pass',
      namesInContext: false,
      region: 'eu-west-1',
      owner: { id: 'me', displayName: 'me' },
      domains: ['s3.example.org'],
      buckets: { copy: 'original' },
    });
    expect([options.recipients.length, options.access.identities.length, options.accessKeys.size]).toEqual([1, 2, 2]);
    expect(options.tls?.cert).toContain('BEGIN CERTIFICATE');
    expect(run.stderr()).toMatch(/^gateway https:\/\/0\.0\.0\.0:0 in front of dir:\S+, memory/);
    expect(run.stderr()).toContain('no health and metrics');
    expect(run.stderr()).not.toContain('in the clear');
    expect(run.stderr()).not.toContain(secret);
  });

  it('is printed as it counts, and so is its schema', async () => {
    const home = await temporaryDirectory();
    const env = { SEALPART_SECRET_ACCESS_KEY: secret, SEALPART_ACCESS_KEY_ID: 'mine' };
    const printed = startInProcess(['--print-config', '--listen', 'localhost:1'], { home, env });
    expect(await printed.ended).toBe(0);
    expect(JSON.parse(printed.out())).toMatchObject({ listen: 'localhost:1', memory: '256MiB', namesInContext: true });
    expect(printed.out() + printed.stderr()).not.toContain(secret);
    const schema = startInProcess(['--print-schema', '--etag', 'x'], { home });
    expect(await schema.ended).toBe(0);
    expect(JSON.parse(schema.out())).toMatchObject({ type: 'object', additionalProperties: false });
    expect(await readdir(home)).toEqual([]);
  });

  it('warns of what is allowed and dangerous', async () => {
    const home = await temporaryDirectory();
    const access = join(home, 'access.json');
    const key = await keyFile(home);
    await writeFile(
      access,
      JSON.stringify({ keys: [], anonymous: [{ access: 'read', buckets: ['pub'], prefixes: ['www/'] }] }),
    );
    await Promise.all([access, key].map((path) => chmod(path, 0o644)));
    const where = ['--listen', '0.0.0.0:0', '--admin-listen', '0.0.0.0:0'];
    const run = await stopped(
      startInProcess([...where, '--store', `dir:${home}/s`, '--key-file', key, '--access-keys', access], { home }),
    );
    expect(run.stderr()).toContain(`0 access keys, and without one: read of pub/www/ (${access})`);
    for (const warning of [
      `others may read the key in ${key}: chmod 600 it`,
      `others may read the secrets in ${access}: chmod 600 it`,
      `there is no access key in ${access}`,
      'content crosses the network in the clear',
      'whoever reaches http://0.0.0.0:9 sees the metrics',
    ]) {
      expect(run.stderr()).toContain(`warning: ${warning}`);
    }
  });

  it('with --json is told as JSON, without the secret', async () => {
    const home = await temporaryDirectory();
    const run = await stopped(startInProcess([...noPorts, '--json'], { home }));
    const lines = run
      .stderr()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines[0]).toMatchObject({
      start: { command: 'gateway', url: 'http://127.0.0.1:0', memoryBytes: 300 * 2 ** 20 },
    });
    const made = JSON.parse(await readFile(join(home, '.config/sealpart/access-keys.json'), 'utf8')).keys[0];
    expect(lines.map(({ made: facts }) => facts).filter(Boolean)).toEqual([
      { keyFile: join(home, '.config/sealpart/gateway.key') },
      { accessKeys: join(home, '.config/sealpart/access-keys.json'), accessKeyId: made.id },
    ]);
    expect(run.stderr()).not.toContain(made.secret);
  });
});

describe('SIGHUP', () => {
  it('reads access keys and certificate again, and keeps the old ones if the new ones are no good', async () => {
    const home = await temporaryDirectory();
    const access = join(home, 'access.json');
    await writeFile(access, accessFile(['one']), { mode: 0o600 });
    const tls = ['--tls-cert', certificate, '--tls-key', certificateKey];
    const log = join(home, 'access.log');
    const before = process.listeners('SIGHUP');
    const run = await started(
      startInProcess([...noPorts, ...tls, '--access-keys', access, '--access-log', log], { home }),
    );
    const { accessKeys, accessLog } = await run.options;
    accessLog!.write('first');
    await until(async () => (await readFile(log, 'utf8')) === 'first\n');
    await rm(log);
    await writeFile(access, accessFile(['two', 'three']));
    process.emit('SIGHUP');
    await until(() => run.certificates.length === 1);
    expect(run.stderr()).toContain('read again: 2 access keys, no anonymous access\n');
    expect([accessKeys.findSecret('one'), accessKeys.findSecret('two')]).toEqual([undefined, secret]);
    accessLog!.write('second');
    await until(async () => (await readFile(log, 'utf8')) === 'second\n');

    await writeFile(access, `{"keys": [{"id": "four", "secret": "${secret}"`);
    process.emit('SIGHUP');
    await until(() => run.certificates.length === 2);
    expect(run.stderr()).toMatch(/the access keys stay as they were: bad-parameters: \S+access\.json is not JSON/);
    expect(accessKeys.findSecret('two')).toBe(secret);
    expect(run.stderr()).not.toContain(secret);
    run.stop();
    expect(await run.ended).toBe(0);
    expect(process.listeners('SIGHUP')).toEqual(before);
  });
});
