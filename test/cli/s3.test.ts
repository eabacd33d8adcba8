import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { randomLooking } from '../support/content.ts';
import { startFaultProxyProcess } from '../support/fault-proxy/fault-proxy-process.ts';
import { describeOnServers } from '../support/servers/describe-on-servers.ts';
import { makeBucket } from '../support/servers/s3-client.ts';
import type { S3Server } from '../support/servers/s3-server.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { errorOf, expectBytes } from './cli-in-process.ts';
import { type CliResult, runProcess, startCli, succeed } from './cli-process.ts';
import { untilUnderWay, uploadGround, uploadsOf } from './unfinished.ts';

/** What every AWS tool would find in its environment. */
function environmentOf(server: S3Server, home: string): Record<string, string> {
  return {
    HOME: home,
    AWS_CONFIG_FILE: join(home, 'config'),
    AWS_SHARED_CREDENTIALS_FILE: join(home, 'credentials'),
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_ACCESS_KEY_ID: server.accessKeyId,
    AWS_SECRET_ACCESS_KEY: server.secretAccessKey,
    AWS_REGION: server.region,
    AWS_ENDPOINT_URL: server.endpoint,
    XDG_STATE_HOME: join(home, 'state'),
  };
}

describeOnServers(
  'the command line',
  (server) => {
    it('every command works on s3:// as on a folder, and its first line names the server', async () => {
      const directory = await temporaryDirectory();
      const at = { cwd: directory, env: environmentOf(server(), directory) };
      const bucket = await makeBucket(server());
      const content = randomLooking(2 ** 23 + 5000, 'cli s3');
      await writeFile(join(directory, 'content'), content);
      await writeFile(join(directory, 'k'), `${'ab'.repeat(32)}\n`);
      const key = ['--key-file', 'k'];
      const url = `s3://${bucket}/dir/na%2Fme ü`;
      const store = `s3:${server().endpoint}`;
      const put = await succeed(['put', ...key, 'content', url, '--metadata', 'a=b', '--tag', 'c=d'], at);
      expect(put.stderr).toMatch(/^put \S*\/content to s3:\/\/\S+ ü \(s3:http:\S+\), memory at most \d+ MiB\n/);
      const [ls, get, range, verify, inspect, exported] = await Promise.all([
        succeed(['ls', '--json', `s3://${bucket}/dir/`], at),
        succeed(['get', ...key, url, 'back'], at),
        succeed(['get', ...key, url, '--range', '8388500-8388700'], at),
        succeed(['verify', '--json', ...key, url], at),
        succeed(['inspect', '--json', url], at),
        succeed(['export', '--json', url, 'exported'], at),
      ]);
      expect(JSON.parse(ls.out)).toMatchObject({ key: 'dir/na%2Fme ü' });
      expectBytes(await readFile(join(directory, 'back')), content);
      expectBytes(range.stdout, content.subarray(8_388_500, 8_388_701));
      expect(JSON.parse(verify.out)).toMatchObject({ verified: 'content', store });
      expect(JSON.parse(inspect.out.trimEnd().split('\n').at(-1)!)).toMatchObject({
        total: { segments: 2, contentBytes: content.length },
      });
      expect(JSON.parse(exported.out)).toMatchObject({ store, input: url });
      for (const result of [ls, verify, inspect, exported]) {
        expect(JSON.parse(result.stderr.split('\n')[0]!)).toMatchObject({ start: { store } });
      }
      for (const result of [get, range]) expect(result.stderr).toContain(`(${store})`);
      const refused = await runProcess(['put', '--json', ...key, 'content', url, '--no-overwrite'], at);
      expect([refused.exitCode, errorOf(refused).code]).toEqual([5, 'precondition']);
      await succeed(['rm', url], at);
      const gone = await runProcess(['rm', '--json', url], at);
      expect([gone.exitCode, errorOf(gone).code]).toEqual([5, 'not-found']);
    });

    it('a put that was killed goes on by the same command, or by uploads resume without a word of the server', async () => {
      const ground = await uploadGround();
      const { path, key } = ground;
      const env = { ...environmentOf(server(), ground.directory), ...ground.env };
      const bucket = await makeBucket(server());
      const url = `s3://${bucket}/k`;
      const put = ['put', '--json', path('content'), url, ...key, '--workers', '0'];
      for (const again of [put, ['uploads', 'resume', '--json', ...key]]) {
        const killed = startCli(put, { env });
        await untilUnderWay(ground);
        killed.child.kill('SIGKILL');
        await killed.ended;
        const [{ item, parts }] = (await uploadsOf(ground)) as [Awaited<ReturnType<typeof uploadsOf>>[number]];
        expect(item.storeName).toBe(`s3:${server().endpoint}`);
        const { AWS_ENDPOINT_URL: _, ...without } = env;
        const done = again === put ? await succeed(put, { env }) : await succeed([...again, item.id], { env: without });
        const facts = JSON.parse(done.out) as { parts: { kept: number; sent: number } };
        expect(facts).toMatchObject({ resumed: true, output: url });
        expect(facts.parts.kept).toBeGreaterThanOrEqual(parts);
        await succeed(['get', '--overwrite', url, path('back'), ...key], { env });
        expectBytes(await readFile(path('back')), await ground.content());
      }
    });

    it('who reads an object asks for nothing but its bytes, in few requests', async () => {
      const directory = await temporaryDirectory();
      const env = environmentOf(server(), directory);
      const bucket = await makeBucket(server());
      const url = `s3://${bucket}/k`;
      await writeFile(join(directory, 'content'), randomLooking(2 ** 23 + 5000, 'cli requests'));
      await writeFile(join(directory, 'k'), `${'ab'.repeat(32)}\n`);
      await succeed(['put', '--key-file', 'k', 'content', url], { cwd: directory, env });
      await using proxy = await startFaultProxyProcess({ upstream: server().endpoint });
      const at = { cwd: directory, env: { ...env, AWS_ENDPOINT_URL: proxy.endpoint } };
      for (const [args, most] of [
        [['inspect', url], 2],
        [['verify', '--no-key', url], 2],
        [['verify', '--key-file', 'k', url], 3],
        [['get', '--key-file', 'k', url, 'back'], 3],
        [['export', url, 'copy'], 4],
      ] as const) {
        await proxy.clearLog();
        await succeed(args, at);
        const asked = (await proxy.log()).map(({ operation }) => operation);
        expect([args[0], new Set(asked)]).toEqual([args[0], new Set(['GetObject'])]);
        expect([args[0], asked.length]).toEqual([args[0], expect.toSatisfy((n: number) => n <= most)]);
      }
    });

    it('what a server refuses is exit code 5, with its reason and what to do', async () => {
      const directory = await temporaryDirectory();
      const env = environmentOf(server(), directory);
      const bucket = await makeBucket(server());
      await writeFile(join(directory, 'k'), `${'ab'.repeat(32)}\n`);
      const failing = (args: readonly string[], other: Record<string, string> = {}): Promise<CliResult> =>
        runProcess([...args, '--json'], { cwd: directory, env: { ...env, ...other } });
      const cases = await Promise.all([
        failing(['ls', 's3://no-such-bucket-here']),
        failing(['put', 'k', 's3://no-such-bucket-here/k', '--key-file', 'k']),
        failing(['get', `s3://${bucket}/nope`, '--key-file', 'k']),
        failing(['ls', `s3://${bucket}`], { AWS_SECRET_ACCESS_KEY: 'wrong' }),
        failing(['ls', `s3://${bucket}`], { AWS_ACCESS_KEY_ID: '' }),
        failing(['ls', `s3://${bucket}`, '--profile', 'nobody'], { AWS_ACCESS_KEY_ID: '' }),
        failing(['ls', `s3://${bucket}`, '--endpoint-url', 'http://user:secret@127.0.0.1']),
      ]);
      expect(cases.map((result) => [result.exitCode, errorOf(result).code])).toEqual([
        [5, 'not-found'],
        [5, 'not-found'],
        [5, 'not-found'],
        [5, 'denied'],
        [5, 'denied'],
        [5, 'denied'],
        [2, 'bad-parameters'],
      ]);
      for (const result of cases) expect(result.stderr).not.toContain('secret@');
      for (const result of cases.slice(0, 4)) {
        expect(JSON.parse(result.stderr.split('\n')[0]!)).toMatchObject({
          start: { store: `s3:${env.AWS_ENDPOINT_URL}` },
        });
      }
    });

    it('a tree goes to s3:// and back', async () => {
      const directory = await temporaryDirectory();
      const at = { cwd: directory, env: environmentOf(server(), directory) };
      const bucket = await makeBucket(server());
      await writeFile(join(directory, 'k'), `${'ab'.repeat(32)}\n`);
      for (let i = 0; i < 20; i++) {
        const path = join(directory, `tree/${i % 3}/f${i}`);
        await mkdir(dirname(path), { recursive: true });
        await writeFile(path, `content ${i}`);
      }
      await succeed(['put', '-r', 'tree', `s3://${bucket}/x/`, '--key-file', 'k'], at);
      const got = await succeed(['get', '-r', '--json', `s3://${bucket}/x/`, 'back', '--key-file', 'k'], at);
      expect(JSON.parse(got.out)).toMatchObject({ files: 20, failed: 0 });
      expect(await readFile(join(directory, 'back/1/f7'), 'utf8')).toBe('content 7');
    });
  },
  { servers: ['versitygw'] },
);

describeOnServers(
  'the command line over https',
  (server) => {
    it('trusts the certificates of --ca-bundle or AWS_CA_BUNDLE, and no others', async () => {
      const directory = await temporaryDirectory();
      const env = environmentOf(server(), directory);
      const bucket = await makeBucket(server());
      const ca = server().certificatePath!;
      const ls = ['ls', '--json', `s3://${bucket}`];
      await writeFile(join(directory, 'none.pem'), 'no certificate');
      const [flag, variable, untrusted, none] = await Promise.all([
        runProcess([...ls, '--ca-bundle', ca], { env }),
        runProcess(ls, { env: { ...env, AWS_CA_BUNDLE: ca } }),
        runProcess(ls, { env }),
        runProcess([...ls, '--ca-bundle', join(directory, 'none.pem')], { env }),
      ]);
      expect([flag.exitCode, variable.exitCode, none.exitCode]).toEqual([0, 0, 2]);
      expect([untrusted.exitCode, errorOf(untrusted).code]).toEqual([5, 'store']);
    });
  },
  { servers: ['versitygw'], tls: true },
);
