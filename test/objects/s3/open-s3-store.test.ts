import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { openS3Store, type S3StoreOptions } from '../../../src/objects/s3/open-s3-store.ts';
import { patternBytes, putBytes, quiet, readObject } from '../../contracts/object-store/bytes.ts';
import { expectBytes, expectCode } from '../../contracts/object-store/ground.ts';
import { describeOnServers } from '../../support/servers/describe-on-servers.ts';
import { makeBucket } from '../../support/servers/s3-client.ts';
import { type FakeHandler, fakeHandler, testCredentials } from './fake-store.ts';

const head = { headers: { etag: '"e"', 'content-length': '5' } };

/** Opens a store with nothing but these options, and looks at an object in it. */
async function lookUp(options: S3StoreOptions): Promise<{ name: string; handler: FakeHandler }> {
  const handler = fakeHandler(() => head);
  const store = await openS3Store(options, quiet, { requestHandler: handler });
  onTestFinished(() => store.close());
  await store.head({ bucket: 'bucket', key: 'k' }, quiet);
  return { name: store.name, handler };
}

async function stubFile(variable: string, text: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'sealpart-aws-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'file'), text);
  vi.stubEnv(variable, join(folder, 'file'));
}

beforeEach(() => {
  vi.unstubAllEnvs();
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) vi.stubEnv(name, undefined);
  vi.stubEnv('AWS_CONFIG_FILE', '/nowhere/config');
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/nowhere/credentials');
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
});

describe('where the store is', () => {
  const credentials = testCredentials;

  test('AWS itself is called by its region', async () => {
    const { name, handler } = await lookUp({ region: 'eu-west-1', credentials });
    expect(name).toBe('s3:eu-west-1');
    expect(handler.sent[0]).toMatchObject({ hostname: 'bucket.s3.eu-west-1.amazonaws.com', path: '/k' });
  });

  test.each([
    ['http://127.0.0.1:7070', 's3:http://127.0.0.1:7070'],
    ['http://127.0.0.1:7070/', 's3:http://127.0.0.1:7070'],
    ['HTTPS://S3.Example.com:443', 's3:https://s3.example.com'],
    ['https://s3.example.com/tenant/', 's3:https://s3.example.com/tenant'],
  ])('an endpoint is called by its URL: %s', async (endpointUrl, expected) => {
    const { name } = await lookUp({ endpointUrl, credentials });
    expect(name).toBe(expected);
  });

  test('with an endpoint the bucket is in the path, unless told, and the region is us-east-1', async () => {
    const { handler } = await lookUp({ endpointUrl: 'https://s3.example.com/tenant', credentials });
    expect(handler.sent[0]).toMatchObject({ hostname: 's3.example.com', path: '/tenant/bucket/k' });
    expect(handler.sent[0]!.headers.authorization).toContain('/us-east-1/s3/aws4_request');
    const virtual = await lookUp({ endpointUrl: 'https://s3.example.com', forcePathStyle: false, credentials });
    expect(virtual.handler.sent[0]).toMatchObject({ hostname: 'bucket.s3.example.com', path: '/k' });
  });

  test('the environment says what the options leave out', async () => {
    vi.stubEnv('AWS_ENDPOINT_URL', 'https://any.example.com');
    vi.stubEnv('AWS_DEFAULT_REGION', 'eu-north-1');
    const first = await lookUp({ credentials });
    expect(first.name).toBe('s3:https://any.example.com');
    expect(first.handler.sent[0]!.headers.authorization).toContain('/eu-north-1/');
    vi.stubEnv('AWS_ENDPOINT_URL_S3', 'https://s3.example.com');
    vi.stubEnv('AWS_REGION', 'eu-south-1');
    const second = await lookUp({ credentials });
    expect(second.name).toBe('s3:https://s3.example.com');
    expect(second.handler.sent[0]!.headers.authorization).toContain('/eu-south-1/');
    expect((await lookUp({ credentials, endpointUrl: 'https://given.example.com' })).name).toContain('given');
    vi.stubEnv('AWS_IGNORE_CONFIGURED_ENDPOINT_URLS', 'true');
    expect((await lookUp({ credentials })).name).toBe('s3:eu-south-1');
  });

  test('a profile has an endpoint, a region and credentials of its own', async () => {
    await stubFile(
      'AWS_CONFIG_FILE',
      `[default]
region = us-west-1
[profile one]
region = eu-west-3
endpoint_url = https://one.example.com
aws_access_key_id = KEYOFONE
aws_secret_access_key = secret
[profile two]
services = mine
region = eu-west-3
[services mine]
s3 =
  endpoint_url = https://two.example.com
`,
    );
    const one = await lookUp({ profile: 'one' });
    expect(one.name).toBe('s3:https://one.example.com');
    expect(one.handler.sent[0]!.headers.authorization).toMatch(/Credential=KEYOFONE\/\d+\/eu-west-3\//);
    expect((await lookUp({ profile: 'two', credentials })).name).toBe('s3:https://two.example.com');
    expect((await lookUp({ credentials })).name).toBe('s3:us-west-1');
    vi.stubEnv('AWS_PROFILE', 'one');
    expect((await lookUp({})).name).toBe('s3:https://one.example.com');
  });

  test.each(['not a URL', 'ftp://example.com', 'https://user:geheim@example.com', 'https://example.com?a=b'])(
    '%s is no endpoint',
    async (endpointUrl) => {
      const error = await expectCode(openS3Store({ endpointUrl, credentials }), 'bad-parameters');
      expect(error.message).not.toContain('geheim');
    },
  );

  test('a region must be set, and be one', async () => {
    const { message } = await expectCode(openS3Store({ credentials }), 'bad-parameters');
    expect(message).toContain('AWS_REGION');
    await expectCode(openS3Store({ credentials, region: 'evil.example.com#' }), 'bad-parameters');
  });

  test('numbers are checked', async () => {
    for (const maxAttempts of [0, 1.5, Number.NaN]) {
      await expect(openS3Store({ region: 'eu-west-1', credentials, maxAttempts })).rejects.toThrow(RangeError);
    }
  });
});

describe('who asks', () => {
  test('credentials come from the environment', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'KEYOFENV');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
    vi.stubEnv('AWS_SESSION_TOKEN', 'token');
    const { handler } = await lookUp({ region: 'eu-west-1' });
    expect(handler.sent[0]!.headers.authorization).toContain('Credential=KEYOFENV/');
    expect(handler.sent[0]!.headers['x-amz-security-token']).toBe('token');
  });

  test('without any, it says what to set, and lets go of its connections', async () => {
    const handler = fakeHandler(() => head);
    const opening = openS3Store({ region: 'eu-west-1' }, quiet, { requestHandler: handler });
    const { message } = await expectCode(opening, 'denied');
    expect(message).toContain('AWS_ACCESS_KEY_ID');
    expect(handler.destroyed()).toBe(true);
    expect(handler.sent).toEqual([]);
    const named = openS3Store({ region: 'eu-west-1', profile: 'nobody' }, quiet, { requestHandler: handler });
    expect((await expectCode(named, 'denied')).message).toContain('nobody');
  });

  test('waiting for them ends with the signal', async () => {
    const controller = new AbortController();
    const never = () => new Promise<never>(() => {});
    const opening = openS3Store({ region: 'eu-west-1', credentials: never }, controller.signal);
    controller.abort();
    await expectCode(opening, 'aborted');
  });

  test('nothing is printed, not even where two sources of credentials are set', async () => {
    const warn = vi.spyOn(console, 'warn');
    onTestFinished(() => warn.mockRestore());
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'KEYOFENV');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
    await stubFile('AWS_SHARED_CREDENTIALS_FILE', '[p]\naws_access_key_id = A\naws_secret_access_key = B\n');
    await lookUp({ region: 'eu-west-1', profile: 'p' });
    expect(warn).not.toHaveBeenCalled();
  });
});

describeOnServers(
  'a store over TLS',
  (server) => {
    test('its certificate is trusted if its authority is given, and else refused at once', async () => {
      const { endpoint, region, accessKeyId, secretAccessKey, certificatePath } = server();
      const options = { endpointUrl: endpoint, region, credentials: { accessKeyId, secretAccessKey } };
      const bucket = await makeBucket(server());
      const store = await openS3Store({ ...options, ca: readFileSync(certificatePath!, 'utf8') });
      await putBytes(store, { bucket, key: 'k' }, patternBytes(3_000_000, 1));
      expectBytes(await readObject(store, { bucket, key: 'k' }), patternBytes(3_000_000, 1));
      await store.close();
      const distrustful = await openS3Store(options);
      const error = await expectCode(distrustful.head({ bucket, key: 'k' }, quiet), 'store');
      expect(error.message).toMatch(/certificate/);
      expect(error.message).not.toContain('attempts');
      await distrustful.close();
    });
  },
  { servers: ['versitygw'], tls: true },
);
