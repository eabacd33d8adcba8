import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openS3Store, type S3StoreOptions } from '../../src/objects/s3/open-s3-store.ts';
import { errorOf, runInProcess } from '../cli/cli-in-process.ts';
import { noteFault } from '../support/fault-log.ts';

import { failureOf } from '../support/refusal.ts';
import { describeOnServers } from '../support/servers/describe-on-servers.ts';
import { freePort } from '../support/servers/free-port.ts';
import { makeBucket } from '../support/servers/s3-client.ts';
import { calm } from '../support/streams.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

// O03: what is set wrongly is said before anything is made or sent. Clocks that are wrong are S08's.

const emptyStore: readonly string[] = ['store', 'store/data', 'store/owners', 'store/catalogue.sqlite'];

interface Mistake {
  readonly what: string;
  readonly args: readonly string[];
  readonly code: string;
  readonly message: RegExp;
}

const withKey = ['--key-file', 'key'];
const toFolder = ['source', 'dir:store//bucket/key'];
const toS3 = ['source', 's3://bucket/key'];

const mistakes: readonly Mistake[] = [
  {
    what: 'a segment too small',
    args: [...toFolder, ...withKey, '--segment-size', '100'],
    code: 'bad-parameters',
    message: /^A segment of 100 bytes is not possible.* Take 16KiB/,
  },
  {
    what: 'a segment too large',
    args: [...toFolder, ...withKey, '--segment-size', '2GiB'],
    code: 'bad-parameters',
    message: /^A segment of 2GiB is not possible.* Take 1GiB/,
  },
  {
    what: 'a frame too small',
    args: [...toFolder, ...withKey, '--frame-size', '1'],
    code: 'bad-parameters',
    message: /^A frame of 1 bytes is not possible.* Take 4KiB/,
  },
  {
    what: 'no key',
    args: toFolder,
    code: 'usage',
    message: /There is no key to encrypt with\. Make one with `sealpart keygen/,
  },
  {
    what: 'a key file that is not there',
    args: [...toFolder, '--key-file', 'nowhere'],
    code: 'bad-key',
    message: /nowhere could not be opened: there is no such file/,
  },
  {
    what: 'no region',
    args: [...toS3, ...withKey],
    code: 'bad-parameters',
    message: /^No region is set for S3: set AWS_REGION/,
  },
  {
    what: 'a region that is none',
    args: [...toS3, ...withKey, '--region', 'US EAST'],
    code: 'bad-parameters',
    message: /"US EAST" is no region of S3/,
  },
  {
    what: 'an endpoint that is no URL',
    args: [...toS3, ...withKey, '--endpoint-url', 'not a URL'],
    code: 'bad-parameters',
    message: /^The endpoint of S3 cannot be read/,
  },
];

async function ground(): Promise<{ directory: string; resolved: (args: readonly string[]) => string[] }> {
  const directory = await temporaryDirectory();
  await writeFile(join(directory, 'source'), 'content');
  await writeFile(join(directory, 'key'), `${'ab'.repeat(32)}\n`);
  const places: Readonly<Record<string, string>> = {
    source: join(directory, 'source'),
    key: join(directory, 'key'),
    nowhere: join(directory, 'nowhere'),
    'dir:store//bucket/key': `dir:${join(directory, 'store')}//bucket/key`,
  };
  return { directory, resolved: (args) => args.map((arg) => places[arg] ?? arg) };
}

describe('O03: a put that is set up wrongly', () => {
  it.each(mistakes)('$what: exit code 2, what is wrong and what would do, and nothing is written', async (mistake) => {
    const { directory, resolved } = await ground();
    const env = {
      XDG_STATE_HOME: join(directory, 'state'),
      AWS_CONFIG_FILE: join(directory, 'none'),
      AWS_SHARED_CREDENTIALS_FILE: join(directory, 'none'),
    };
    const result = await runInProcess(['put', '--json', ...resolved(mistake.args)], { env });
    const { code, message } = errorOf(result);
    expect([result.exitCode, code]).toEqual([2, mistake.code]);
    expect(message).toMatch(mistake.message);
    // The folder of a store may be there, and is empty then.
    const made = (await readdir(directory, { recursive: true })).filter((name) => !emptyStore.includes(name));
    expect(made.sort()).toEqual(['key', 'source']);
    noteFault({ id: 'O03', injected: mistake.what, reached: 1, outcome: `${code}, nothing written` });
  });

  it.each([
    [
      'an endpoint where nobody listens',
      async (): Promise<string> => `http://127.0.0.1:${await freePort()}`,
      /nothing listens/,
    ],
    [
      'an endpoint whose host there is not',
      async (): Promise<string> => 'http://nowhere.invalid',
      /there is no such host/,
    ],
  ] as const)('%s is named, and what to look at', async (what, endpoint, message) => {
    const options: S3StoreOptions = {
      endpointUrl: await endpoint(),
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
      backoff: { baseMs: 1, capMs: 2 },
    };
    const store = await openS3Store(options);
    const failure = await failureOf(store.head({ bucket: 'bucket', key: 'key' }, calm));
    await store.close();
    expect(failure.code).toBe('store');
    expect(failure.message).toMatch(message);
    expect(failure.message).toContain('look at the endpoint');
    noteFault({ id: 'O03', injected: what, reached: 1, outcome: 'store, with what to look at' });
  });
});

describeOnServers(
  'O03: a store that is asked wrongly',
  (server) => {
    it.each<[string, S3StoreOptions, string, RegExp]>([
      ['the wrong region', { region: 'eu-west-1' }, 'store', /the bucket is in the region us-east-1: give that region/],
      [
        'the wrong secret',
        { credentials: { accessKeyId: 'test', secretAccessKey: 'wrong' } },
        'denied',
        /SignatureDoesNotMatch/,
      ],
    ])('%s: said at the first request', async (what, options, code, message) => {
      const { endpoint, region, accessKeyId, secretAccessKey } = server();
      const bucket = await makeBucket(server());
      const right = { endpointUrl: endpoint, region, credentials: { accessKeyId, secretAccessKey } };
      const store = await openS3Store({ ...right, ...options });
      const failure = await failureOf(store.put({ bucket, key: 'key' }, new Uint8Array(5), {}, {}, calm));
      await store.close();
      expect(failure.code).toBe(code);
      expect(failure.message).toMatch(message);
      noteFault({ id: 'O03', injected: what, reached: 1, outcome: code });
    });
  },
  { servers: ['versitygw'] },
);
