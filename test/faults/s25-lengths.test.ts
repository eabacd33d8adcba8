import { describe, expect, it } from 'vitest';
import type { ByteRange } from '../../src/objects/object-store.ts';
import { patternBytes, putBytes, quiet, readObject } from '../contracts/object-store/bytes.ts';
import { expectBytes, expectCode } from '../contracts/object-store/ground.ts';
import { type FakeAnswer, fakeHandler, openFakeStore } from '../objects/s3/fake-store.ts';
import { openFaultyStore } from '../objects/s3/faulty-store.ts';
import { noteFault } from '../support/fault-log.ts';
import { describeOnServers } from '../support/servers/describe-on-servers.ts';

// S25: an answer about other bytes than were asked for, or fewer.

const name = { bucket: 'bucket', key: 'k' };
const range: ByteRange = { first: 10, last: 19 };
const ten = 'x'.repeat(10);

function partial(contentRange: string | undefined, length = '10', status = 206): FakeAnswer {
  const about = contentRange === undefined ? {} : { 'content-range': contentRange };
  return { status, headers: { etag: '"e"', 'content-length': length, ...about }, body: ten };
}

describe('S25: answers to a range', () => {
  it.each<[string, ByteRange | undefined, FakeAnswer]>([
    ['the whole object', range, partial(undefined, '10', 200)],
    ['another range', range, partial('bytes 0-9/100')],
    ['a range that is too short', range, partial('bytes 10-18/100', '9')],
    ['a range that is too long', range, partial('bytes 10-20/100', '11')],
    ['no Content-Range', range, partial(undefined)],
    ['a Content-Range of an unknown total', range, partial('bytes 10-19/*')],
    ['a Content-Range that is none', range, partial('bytes 19-10/100')],
    ['another length than the Content-Range', range, partial('bytes 10-19/100', '9')],
    ['the first bytes for the last', { suffixBytes: 10 }, partial('bytes 0-9/100')],
    ['a part where all was asked for', undefined, partial('bytes 0-9/100')],
    ['no length', undefined, { headers: { etag: '"e"' }, body: ten }],
    ['a length that is none', undefined, { headers: { etag: '"e"', 'content-length': '-5' }, body: ten }],
    ['no ETag', undefined, { headers: { 'content-length': '10' }, body: ten }],
  ])('S25: %s is an error', async (injected, asked, answer) => {
    const handler = fakeHandler(() => answer);
    const store = await openFakeStore(handler);
    await expectCode(store.get(asked === undefined ? name : { ...name, range: asked }, quiet), 'store');
    expect(handler.sent).toHaveLength(1);
    noteFault({ id: 'S25', injected, reached: handler.sent.length, outcome: 'an error' });
  });

  it('S25: a range that is cut at the end of the object is right, and tells its size', async () => {
    const handler = fakeHandler(() => partial('bytes 10-19/20'));
    const store = await openFakeStore(handler);
    const body = await store.get({ ...name, range: { first: 10, last: 500 } }, quiet);
    expect(body.head.sizeBytes).toBe(20);
    await body.close();
  });

  it('S25: the head of an object without a length is an error', async () => {
    const handler = fakeHandler(() => ({ headers: { etag: '"e"' } }));
    const store = await openFakeStore(handler);
    await expectCode(store.head(name, quiet), 'store');
  });
});

describeOnServers(
  'a body that is not as long as it says',
  (server) => {
    it('S25: one that ends early is gone on with', async () => {
      const { store, proxy, bucket } = await openFaultyStore(server());
      const content = patternBytes(2_000_000, 5);
      await putBytes(store, { bucket, key: 'k' }, content);
      const rule = await proxy.addRule({
        match: { operation: 'GetObject' },
        times: 2,
        action: { do: 'alterAnswer', body: { truncateTo: 700_000 }, length: 'announced' },
      });
      expectBytes(await readObject(store, { bucket, key: 'k' }), content);
      const { reached } = await rule.counts();
      expect(reached).toBe(2);
      noteFault({ id: 'S25', injected: 'bodies that end early', reached, outcome: 'read whole' });
    });

    it('S25: one that is short, and says so, is an error', async () => {
      const { store, proxy, bucket } = await openFaultyStore(server());
      await putBytes(store, { bucket, key: 'k' }, patternBytes(2_000_000, 5));
      const rule = await proxy.addRule({
        match: { operation: 'GetObject' },
        action: { do: 'alterAnswer', body: { truncateTo: 700_000 }, length: 'actual' },
      });
      const reading = readObject(store, { bucket, key: 'k', range: { first: 0, last: 1_999_999 } });
      await expectCode(reading, 'store');
      const { reached } = await rule.counts();
      noteFault({ id: 'S25', injected: 'a shorter Content-Length', reached, outcome: 'an error' });
    });
  },
  { servers: ['versitygw'] },
);
