import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  CreateBucketCommand,
  GetObjectCommand,
  HeadBucketCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { expect, it } from 'vitest';
import { randomLooking } from '../support/content.ts';
import { plainClient } from '../support/servers/s3-client.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { expectBytes } from './cli-in-process.ts';
import { type RunningCli, startCli, succeed, until } from './cli-process.ts';

interface Served {
  readonly running: RunningCli;
  readonly url: string;
}

/** The command without the others around it. */
const gatewayMain = fileURLToPath(new URL('gateway-main.ts', import.meta.url));
const ports = ['--listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0'];

/** A user's folders, and nothing of this one's own. */
function environmentOf(home: string): Record<string, string> {
  const folders = { XDG_DATA_HOME: join(home, 'd'), XDG_CONFIG_HOME: join(home, 'c'), XDG_STATE_HOME: join(home, 's') };
  return { HOME: home, ...folders };
}

/** Starts `sealpart gateway`, and waits until it says where it is. */
async function serve(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Served> {
  const shell = `shift 2; exec "${process.execPath}" "${gatewayMain}" "$@"`;
  const running = startCli([...ports, ...args], { env, shell });
  await until(() => running.child.exitCode !== null || /access keys?, no anonymous/.test(running.stderr()));
  const url = /^gateway (http:\S+) \(for this machine only\)/m.exec(running.stderr())?.[1];
  if (url === undefined) throw new Error(`it did not start: ${running.stderr()}`);
  return { running, url };
}

async function stop({ running }: Served): Promise<string> {
  running.child.kill('SIGTERM');
  const { exitCode, killedBy, stderr } = await running.ended;
  expect([exitCode, killedBy]).toEqual([0, null]);
  return stderr;
}

function clientOf(url: string, accessKeyId: string, secretAccessKey: string) {
  return plainClient({ endpoint: url, region: 'us-east-1', accessKeyId, secretAccessKey });
}

it('with nothing configured: keys are told, a client writes and reads, and a later start has it all again', async () => {
  const home = await temporaryDirectory();
  const env = environmentOf(home);
  const first = await serve([], env);
  await until(() => first.running.stderr().includes('s3 cp'));
  const [, id, secret] = /AWS_ACCESS_KEY_ID=(\S+)\n.*AWS_SECRET_ACCESS_KEY=(\S+)\n/.exec(first.running.stderr())!;
  const content = randomLooking(100_000, 'gateway process');
  const client = clientOf(first.url, id!, secret!);
  await client.send(new CreateBucketCommand({ Bucket: 'first' }));
  await client.send(new PutObjectCommand({ Bucket: 'first', Key: 'a/b', Body: content }));
  client.destroy();
  const log = await stop(first);
  expect(log.split(secret!)).toHaveLength(2);

  // What lies behind is ciphertext, and the command line opens it with the key that was made.
  for (const entry of await readdir(home, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const bytes = await readFile(join(entry.parentPath, entry.name));
    expect([entry.name, bytes.includes(content.subarray(5000, 5016))]).toEqual([entry.name, false]);
  }
  const key = ['--key-file', join(home, 'c/sealpart/gateway.key')];
  const got = await succeed(['get', '-q', ...key, `dir:${join(home, 'd/sealpart/store')}//first/a/b`], { env });
  expectBytes(got.stdout, content);

  const second = await serve([], env);
  const again = clientOf(second.url, id!, secret!);
  const { Body } = await again.send(new GetObjectCommand({ Bucket: 'first', Key: 'a/b' }));
  expectBytes(await Body!.transformToByteArray(), content);
  again.destroy();
  expect(await stop(second)).not.toContain(secret!);
});

it('access keys that are read again count for the next request', async () => {
  const home = await temporaryDirectory();
  const secret = 'qvJ6tVxw0Fz3LhN8rYcA5eUk2mSdPb7G';
  const access = join(home, 'access.json');
  const write = (rules: readonly unknown[]): Promise<void> =>
    writeFile(access, JSON.stringify({ keys: [{ id: 'one', secret, rules }] }), { mode: 0o600 });
  await write([{ access: 'admin' }]);
  await writeFile(join(home, 'k'), `${'ab'.repeat(32)}\n`, { mode: 0o600 });
  const store = ['--store', `dir:${join(home, 'store')}`, '--key-file', join(home, 'k'), '--access-keys', access];
  const served = await serve([...store, '--access-log', join(home, 'access.log')], environmentOf(home));
  const client = clientOf(served.url, 'one', secret);
  const statusOf = (sent: Promise<unknown>): Promise<number> =>
    sent.then(
      () => 200,
      (error: { readonly $metadata: { readonly httpStatusCode: number } }) => error.$metadata.httpStatusCode,
    );
  expect(await statusOf(client.send(new CreateBucketCommand({ Bucket: 'mine' })))).toBe(200);
  await write([{ access: 'read', buckets: ['mine'], prefixes: ['p/'] }]);
  served.running.child.kill('SIGHUP');
  await until(() => served.running.stderr().includes('read again'));
  expect(await statusOf(client.send(new CreateBucketCommand({ Bucket: 'other' })))).toBe(403);
  expect(await statusOf(client.send(new HeadBucketCommand({ Bucket: 'mine' })))).toBe(200);
  expect(await statusOf(client.send(new ListObjectsV2Command({ Bucket: 'mine', Prefix: 'p/' })))).toBe(200);
  expect(await statusOf(client.send(new ListObjectsV2Command({ Bucket: 'mine' })))).toBe(403);
  client.destroy();
  const log = await stop(served);
  const lines = await readFile(join(home, 'access.log'), 'utf8');
  expect(log + lines).not.toContain(secret);
});
