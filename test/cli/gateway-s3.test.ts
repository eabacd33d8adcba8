import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { describeOnServers } from '../support/servers/describe-on-servers.ts';
import { makeBucket } from '../support/servers/s3-client.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { errorOf } from './cli-in-process.ts';
import { until } from './cli-process.ts';
import { type GatewayRun, startInProcess } from './gateway-in-process.ts';

afterEach(() => vi.unstubAllEnvs());

const secret = 'qvJ6tVxw0Fz3LhN8rYcA5eUk2mSdPb7G';

/** A gateway in front of a server, whose credentials are found as every AWS tool finds them. */
async function inFrontOf(
  endpoint: string,
  credentials: { readonly accessKeyId: string; readonly secretAccessKey: string },
  args: readonly string[] = [],
): Promise<GatewayRun> {
  const home = await temporaryDirectory();
  const found = {
    AWS_CONFIG_FILE: join(home, 'config'),
    AWS_SHARED_CREDENTIALS_FILE: join(home, 'credentials'),
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  };
  for (const [name, value] of Object.entries(found)) vi.stubEnv(name, value);
  await writeFile(join(home, 'k'), `${'ab'.repeat(32)}\n`, { mode: 0o600 });
  const env = { SEALPART_ACCESS_KEY_ID: 'mine', SEALPART_SECRET_ACCESS_KEY: secret };
  const ports = ['--listen', '127.0.0.1:0', '--admin-listen', 'none'];
  const store = ['--store', 's3', '--endpoint-url', endpoint, '--key-file', join(home, 'k')];
  return startInProcess([...ports, ...store, '--json', ...args], { home, env });
}

const nobody = { accessKeyId: 'nobody-at-all', secretAccessKey: 'nothing-that-opens-anything' };

it('a store that does not answer yet is told of, and waited for', async () => {
  // It takes connections, and says nothing.
  const server = createServer(() => undefined).listen(0, '127.0.0.1');
  await until(() => server.listening);
  const { port } = server.address() as { readonly port: number };
  try {
    const run = await inFrontOf(`http://127.0.0.1:${port}`, nobody);
    await run.options;
    await until(() => run.stderr().includes('warning'));
    expect(run.stderr()).toContain(`s3:http://127.0.0.1:${port} has not answered yet: requests are answered 503`);
    run.stop();
    expect(await run.ended).toBe(0);
  } finally {
    server.close();
  }
}, 20_000);

describeOnServers(
  'the gateway command',
  (server) => {
    it('opens an S3 store, and says where it is', async () => {
      await makeBucket(server());
      const run = await inFrontOf(server().endpoint, server(), ['--region', server().region]);
      const options = await run.options;
      expect(options.region).toBe(server().region);
      await until(() => run.stderr().includes('"access"'));
      expect(run.stderr()).not.toContain('warning');
      expect(JSON.parse(run.stderr().split('\n')[0]!)).toMatchObject({ start: { store: `s3:${server().endpoint}` } });
      const page = await options.store.listBuckets({}, new AbortController().signal);
      expect(page.buckets.length).toBeGreaterThan(0);
      run.stop();
      expect(await run.ended).toBe(0);
    });

    it('O03: credentials that the store does not know end it at the start', async () => {
      for (const wrong of [nobody, { ...nobody, accessKeyId: server().accessKeyId }]) {
        const run = await inFrontOf(server().endpoint, wrong, ['--region', server().region]);
        expect(await run.ended).toBe(5);
        expect(errorOf({ stderr: run.stderr() }).code).toBe('denied');
        expect(run.stderr()).not.toContain(wrong.secretAccessKey);
      }
    });
  },
  { servers: ['versitygw'] },
);
