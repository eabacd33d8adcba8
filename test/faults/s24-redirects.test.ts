import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { beginUpload, collect, patternBytes, quiet } from '../contracts/object-store/bytes.ts';
import { expectBytes, expectCode } from '../contracts/object-store/ground.ts';
import { errorAnswer, type FakeAnswer, fakeHandler, openFakeStore } from '../objects/s3/fake-store.ts';
import { openFaultyStore } from '../objects/s3/faulty-store.ts';
import { noteFault } from '../support/fault-log.ts';
import { describeOnServers } from '../support/servers/describe-on-servers.ts';

// S24: the bucket is elsewhere, or the connection goes.

const name = { bucket: 'bucket', key: 'k' };
const head: FakeAnswer = { headers: { etag: '"e"', 'content-length': '5' } };
const aws = { endpointUrl: undefined, region: 'us-east-1' };

function permanentRedirect(region: string | undefined, endpoint = 'evil.example.com'): FakeAnswer {
  const answer = errorAnswer(301, 'PermanentRedirect', 'Go elsewhere.', `<Endpoint>${endpoint}</Endpoint>`);
  return {
    ...answer,
    headers: { ...answer.headers, ...(region === undefined ? {} : { 'x-amz-bucket-region': region }) },
  };
}

describe('S24: another region of AWS', () => {
  it.each<[string, (region: string) => FakeAnswer]>([
    ['301', (region) => permanentRedirect(region)],
    ['301 without a body', (region) => ({ status: 301, headers: { 'x-amz-bucket-region': region } })],
    ['307', (region) => ({ ...permanentRedirect(region), status: 307 })],
    ['400 without a body', (region) => ({ status: 400, headers: { 'x-amz-bucket-region': region } })],
    [
      'a signature for the wrong one',
      (region) => errorAnswer(400, 'AuthorizationHeaderMalformed', 'Wrong region.', `<Region>${region}</Region>`),
    ],
  ])('S24: %s: is followed, and remembered for the bucket', async (injected, redirect) => {
    const handler = fakeHandler((request) =>
      request.hostname.includes('bucket.') && !request.hostname.includes('eu-west-1') ? redirect('eu-west-1') : head,
    );
    const store = await openFakeStore(handler, aws);
    await store.head(name, quiet);
    await store.head(name, quiet);
    await store.head({ ...name, bucket: 'other' }, quiet);
    expect(handler.sent.map(({ hostname }) => hostname)).toEqual([
      'bucket.s3.us-east-1.amazonaws.com',
      'bucket.s3.eu-west-1.amazonaws.com',
      'bucket.s3.eu-west-1.amazonaws.com',
      'other.s3.us-east-1.amazonaws.com',
    ]);
    expect(handler.sent[1]!.headers.authorization).toContain('/eu-west-1/s3/');
    noteFault({ id: 'S24', injected, reached: 1, outcome: 'followed to the region' });
  });

  it('S24: is not followed round and round', async () => {
    const regions = ['eu-west-1', 'eu-west-2'];
    const handler = fakeHandler((_, index) => permanentRedirect(regions[index % 2]));
    const store = await openFakeStore(handler, aws);
    const error = await expectCode(store.head(name, quiet), 'store');
    expect(error.message).toMatch(/the bucket is in the region eu-west-/);
    expect(handler.sent.length).toBeLessThanOrEqual(3);
    noteFault({ id: 'S24', injected: 'redirects in a circle', reached: handler.sent.length, outcome: 'an error' });
  });

  it.each(['evil.example.com#', 'eu-west-1.evil.example.com/', 'x@evil', '', 'EU-WEST-1', 'eu west 1'])(
    'S24: what is no region is not followed: %j',
    async (region) => {
      const handler = fakeHandler(() => permanentRedirect(region));
      const store = await openFakeStore(handler, aws);
      const error = await expectCode(store.head(name, quiet), 'store');
      expect(error.message).toContain('evil.example.com');
      expect(handler.sent).toHaveLength(1);
    },
  );
});

describe('S24: a store with an endpoint', () => {
  it.each([301, 302, 307, 308])('S24: %i leads nowhere: no credentials go to another host', async (status) => {
    let asked = 0;
    const other = createServer((_, response) => {
      asked += 1;
      response.end();
    }).listen(0, '127.0.0.1');
    onTestFinished(() => void other.close());
    await new Promise((resolve) => other.once('listening', resolve));
    const location = `http://127.0.0.1:${(other.address() as AddressInfo).port}/bucket/k`;
    const handler = fakeHandler(() => ({ status, headers: { location } }));
    const store = await openFakeStore(handler);
    const error = await expectCode(store.head(name, quiet), 'store');
    expect(error.message).toContain(location);
    expect([handler.sent.length, asked]).toEqual([1, 0]);
    noteFault({ id: 'S24', injected: `${status} to another host`, reached: 1, outcome: 'an error that names it' });
  });

  it('S24: a region is named, and not followed', async () => {
    const handler = fakeHandler(() => permanentRedirect('eu-west-1'));
    const store = await openFakeStore(handler);
    const error = await expectCode(store.head(name, quiet), 'store');
    expect(error.message).toContain('the bucket is in the region eu-west-1');
    expect(handler.sent.map(({ hostname }) => hostname)).toEqual(['127.0.0.1']);
  });
});

describeOnServers(
  'a connection that goes',
  (server) => {
    it.each([
      ['in the middle of a part', { do: 'reset', at: 'request', afterBytes: 300_000 }],
      ['before the answer', { do: 'reset', at: 'answered' }],
      ['in good order, before the answer', { do: 'reset', at: 'answered', how: 'close' }],
      ['at once', { do: 'reset', at: 'start' }],
    ] as const)('S24: %s: the part is sent again', async (injected, action) => {
      const { store, proxy, bucket, direct } = await openFaultyStore(server());
      const upload = await beginUpload(store, { bucket, key: 'k' });
      const rule = await proxy.addRule({ match: { operation: 'UploadPart' }, action });
      const content = patternBytes(3_000_000, 2);
      await store.uploadPart(upload, 1, content, quiet);
      const sent = (await proxy.log()).filter(({ operation }) => operation === 'UploadPart');
      expect(sent).toHaveLength(2);
      expectBytes(Buffer.from(sent[1]!.body!, 'base64'), content);
      expect(await collect(direct.listParts(upload, quiet))).toMatchObject([{ sizeBytes: content.length }]);
      const { reached } = await rule.counts();
      noteFault({ id: 'S24', injected: `a reset ${injected}`, reached, outcome: 'stored' });
    });

    it('S24: a store that is away for a while', async () => {
      const { store, proxy, bucket } = await openFaultyStore(server(), {
        maxAttempts: 60,
        backoff: { baseMs: 5, capMs: 20 },
      });
      await proxy.refuse(true);
      const putting = store.put({ bucket, key: 'k' }, patternBytes(1000, 1), {}, {}, quiet);
      await new Promise((resolve) => setTimeout(resolve, 50));
      await proxy.refuse(false);
      await putting;
      expect((await store.head({ bucket, key: 'k' }, quiet)).sizeBytes).toBe(1000);
    });
  },
  { servers: ['versitygw'] },
);
