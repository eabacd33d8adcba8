import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { moduleUrl } from '../support/run-script.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const modules = fileURLToPath(new URL('../../node_modules', import.meta.url));

const suite = `
  import { it } from 'vitest';
  import { describeOnServers } from ${moduleUrl('test/support/servers/describe-on-servers.ts')};
  describeOnServers('a block', () => { it('has a test', () => {}); }, { servers: ['minio'] });`;

interface Outcome {
  readonly title: string;
  readonly status: string;
  readonly messages: string;
}

/** Runs a suite of one block where no server is installed. */
async function runWithoutServers(env: Readonly<Record<string, string>>): Promise<Outcome[]> {
  const root = await temporaryDirectory();
  await mkdir(join(root, 'test'));
  await writeFile(join(root, 'test/one.test.ts'), suite);
  await symlink(modules, join(root, 'node_modules'));
  const vitest = join(modules, 'vitest/vitest.mjs');
  const report = join(root, 'report.json');
  const child = spawn(process.execPath, [vitest, 'run', '--root', root, '--reporter=json', `--outputFile=${report}`], {
    stdio: 'ignore',
    env: { ...process.env, SEALPART_REQUIRE_SERVERS: undefined, SEALPART_SERVERS: join(root, 'none'), ...env },
  });
  await once(child, 'exit');
  const { testResults } = JSON.parse(await readFile(report, 'utf8')) as {
    testResults: { assertionResults: { fullName: string; status: string; failureMessages: string[] }[] }[];
  };
  return testResults.flatMap(({ assertionResults }) =>
    assertionResults.map((result) => ({
      title: result.fullName,
      status: result.status,
      messages: result.failureMessages.join(),
    })),
  );
}

describe('a server that is not there', () => {
  it('is seen as skipped, under its name and with what to do', async () => {
    expect(await runWithoutServers({})).toEqual([
      {
        title: 'a block on minio (minio is not installed: npm run servers -- install minio) has a test',
        status: 'skipped',
        messages: '',
      },
    ]);
  });

  it('is a failure where servers are required', async () => {
    expect(await runWithoutServers({ SEALPART_REQUIRE_SERVERS: '1' })).toEqual([
      { title: 'a block on minio runs', status: 'failed', messages: expect.stringContaining('npm run servers') },
    ]);
  });
});
