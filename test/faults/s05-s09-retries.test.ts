import { describe, expect, it } from 'vitest';
import { beginUpload, collect, patternBytes, quiet, readObject } from '../contracts/object-store/bytes.ts';
import { expectBytes, expectCode } from '../contracts/object-store/ground.ts';
import { errorAnswer, fakeHandler, openFakeStore, testCredentials } from '../objects/s3/fake-store.ts';
import { openFaultyStore } from '../objects/s3/faulty-store.ts';
import { noteFault } from '../support/fault-log.ts';
import { describeOnServers } from '../support/servers/describe-on-servers.ts';

const uploadPart = { operation: 'UploadPart' } as const;

describeOnServers(
  'storing a part',
  (server) => {
    it('S05: 503 SlowDown: fewer at a time, and the same bytes again', async () => {
      const { store, proxy, bucket, direct, limit } = await openFaultyStore(server(), { maxAttempts: 30 });
      const upload = await beginUpload(store, { bucket, key: 'k' });
      const rule = await proxy.addRule({
        match: uploadPart,
        times: 12,
        action: { do: 'answer', status: 503, code: 'SlowDown', afterRequestBytes: 'all' },
      });
      const numbers = [1, 2, 3, 4, 5, 6, 7, 8];
      const before = limit.limit;
      const contents = numbers.map((number) => patternBytes(60_000, number));
      let lowest = before;
      const parts = numbers.map(async (number) => {
        await store.uploadPart(upload, number, contents[number - 1]!, quiet);
        lowest = Math.min(lowest, limit.limit);
      });
      await Promise.all(parts);
      expect(before).toBe(16);
      expect(lowest).toBeLessThanOrEqual(4);
      for (const { body, query, operation } of await proxy.log()) {
        if (operation !== 'UploadPart') continue;
        expectBytes(Buffer.from(body!, 'base64'), contents[Number(query.partNumber) - 1]!);
      }
      const stored = await collect(direct.listParts(upload, quiet));
      expect(stored.map((part) => part.partNumber)).toEqual(numbers);
      const { reached } = await rule.counts();
      expect(reached).toBe(12);
      noteFault({ id: 'S05', injected: 'SlowDown, 12 times', reached, outcome: 'stored, fewer at a time' });
    });

    it('S06: 500 after the part was stored: the same bytes again, and one part', async () => {
      const { store, proxy, bucket, direct } = await openFaultyStore(server());
      const upload = await beginUpload(store, { bucket, key: 'k' });
      const content = patternBytes(500_000, 3);
      const rule = await proxy.addRule({
        match: uploadPart,
        action: { do: 'answer', status: 500, code: 'InternalError', forward: true },
      });
      const { etag } = await store.uploadPart(upload, 1, content, quiet);
      expect(await collect(direct.listParts(upload, quiet))).toEqual([
        { partNumber: 1, etag, sizeBytes: content.length },
      ]);
      const sent = (await proxy.log()).filter(({ operation }) => operation === 'UploadPart');
      expect(sent.map(({ storeStatus }) => storeStatus)).toEqual([200, 200]);
      expect(sent[0]!.body).toBe(sent[1]!.body);
      await store.completeMultipart(upload, [{ partNumber: 1, etag }], {}, quiet);
      expectBytes(await readObject(direct, upload), content);
      const { reached } = await rule.counts();
      noteFault({ id: 'S06', injected: 'stored, and answered 500', reached, outcome: 'stored again, one part' });
    });

    it('S07: 400 RequestTimeout in the middle of a body: again on a new connection', async () => {
      const { store, proxy, bucket, direct } = await openFaultyStore(server());
      const upload = await beginUpload(store, { bucket, key: 'k' });
      const rule = await proxy.addRule({
        match: uploadPart,
        action: { do: 'answer', status: 400, code: 'RequestTimeout', afterRequestBytes: 100_000 },
      });
      const content = patternBytes(8_000_000, 4);
      await store.uploadPart(upload, 1, content, quiet);
      const sent = (await proxy.log()).filter(({ operation }) => operation === 'UploadPart');
      expect(sent).toHaveLength(2);
      expect(sent[1]!.connection).not.toBe(sent[0]!.connection);
      expect(await collect(direct.listParts(upload, quiet))).toMatchObject([{ sizeBytes: content.length }]);
      const { reached } = await rule.counts();
      noteFault({ id: 'S07', injected: 'RequestTimeout', reached, outcome: 'stored over a new connection' });
    });

    it('S09: credentials that expire in the middle of an upload are asked for again', async () => {
      let asked = 0;
      const { accessKeyId, secretAccessKey } = server();
      const credentials = async () => {
        asked += 1;
        return { accessKeyId, secretAccessKey };
      };
      const { store, proxy, bucket } = await openFaultyStore(server(), { credentials });
      const upload = await beginUpload(store, { bucket, key: 'k' });
      expect(asked).toBe(1);
      const expired = { do: 'answer', status: 400, code: 'ExpiredToken', afterRequestBytes: 'all' } as const;
      const rule = await proxy.addRule({ match: uploadPart, nth: 2, action: expired });
      for (const number of [1, 2, 3]) await store.uploadPart(upload, number, patternBytes(1000, number), quiet);
      expect(asked).toBe(2);
      const { reached } = await rule.counts();
      noteFault({ id: 'S09', injected: 'ExpiredToken, once', reached, outcome: 'fresh credentials, stored' });
    });
  },
  { servers: ['versitygw'] },
);

describe('S08: a clock that is wrong', () => {
  /** A store whose time is another one, and which takes nothing that is signed at a time of its past or future. */
  function strictStore(aheadMs: number, tellsDate = true) {
    return fakeHandler((request) => {
      const nowMs = Date.now() + aheadMs;
      const [year, month, day, hour, minute, second] = /^(....)(..)(..)T(..)(..)(..)Z$/
        .exec(request.headers['x-amz-date']!)!
        .slice(1)
        .map(Number) as [number, number, number, number, number, number];
      const signedMs = Date.UTC(year, month - 1, day, hour, minute, second);
      const date = tellsDate ? { date: new Date(nowMs).toUTCString() } : {};
      if (Math.abs(signedMs - nowMs) < 900_000) return { headers: { etag: '"e"', ...date } };
      const refusal = errorAnswer(403, 'RequestTimeTooSkewed', 'The difference is too large.');
      return { ...refusal, headers: { ...refusal.headers, ...date } };
    });
  }

  it.each([3_600_000, -86_400_000])("S08: is corrected by the store's Date, once (%i ms)", async (aheadMs) => {
    const handler = strictStore(aheadMs);
    const store = await openFakeStore(handler);
    await store.put({ bucket: 'bucket', key: 'k' }, new Uint8Array(5), {}, {}, quiet);
    await store.put({ bucket: 'bucket', key: 'k' }, new Uint8Array(5), {}, {}, quiet);
    expect(handler.sent).toHaveLength(3);
    const reached = handler.sent.length - 2;
    noteFault({ id: 'S08', injected: `a clock that is off by ${aheadMs} ms`, reached, outcome: 'corrected, stored' });
  });

  it('S08: what cannot be corrected is told with how far the clock is off', async () => {
    const handler = fakeHandler(() => {
      const refusal = errorAnswer(403, 'RequestTimeTooSkewed');
      return { ...refusal, headers: { ...refusal.headers, date: new Date(Date.now() + 3 * 3_600_000).toUTCString() } };
    });
    const store = await openFakeStore(handler);
    const error = await expectCode(store.head({ bucket: 'bucket', key: 'k' }, quiet), 'denied');
    expect(error.message).toMatch(/clock is 3 h behind the store's: set the clock/);
    expect(handler.sent).toHaveLength(2);
    const reached = handler.sent.length;
    noteFault({ id: 'S08', injected: 'a clock that is off for good', reached, outcome: 'denied, with the offset' });
  });

  it('S08: without a Date it fails all the same', async () => {
    const handler = strictStore(3_600_000, false);
    const store = await openFakeStore(handler);
    const error = await expectCode(store.head({ bucket: 'bucket', key: 'k' }, quiet), 'denied');
    expect(error.message).toContain('set the clock');
    expect(handler.sent).toHaveLength(2);
  });
});

describe('S09: credentials that are refused for good', () => {
  it('S09: expired ones are asked for once more, and then it says so', async () => {
    let asked = 0;
    const handler = fakeHandler(() => errorAnswer(400, 'ExpiredToken', 'The provided token has expired.'));
    const credentials = async () => {
      asked += 1;
      return testCredentials;
    };
    const store = await openFakeStore(handler, { credentials });
    const put = store.put({ bucket: 'bucket', key: 'k' }, new Uint8Array(5), {}, {}, quiet);
    const error = await expectCode(put, 'denied');
    expect(error.message).toMatch(/ExpiredToken.*log in again/);
    expect([handler.sent.length, asked]).toEqual([2, 2]);
    noteFault({ id: 'S09', injected: 'ExpiredToken, always', reached: handler.sent.length, outcome: 'denied' });
  });

  it('S09: new ones that cannot be had are an error of their own', async () => {
    let asked = 0;
    const handler = fakeHandler(() => errorAnswer(400, 'ExpiredToken'));
    const credentials = async () => {
      asked += 1;
      if (asked > 1) throw new Error('the session is over');
      return testCredentials;
    };
    const store = await openFakeStore(handler, { credentials });
    const error = await expectCode(store.head({ bucket: 'bucket', key: 'k' }, quiet), 'denied');
    expect(error.message).toContain('the session is over');
  });
});
