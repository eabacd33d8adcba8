import { HeadObjectCommand, ListMultipartUploadsCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { until } from '../cli/cli-process.ts';
import { randomLooking } from '../support/content.ts';
import { noteFault } from '../support/fault-log.ts';
import { type FaultProxy, type RuleHandle, startFaultProxy } from '../support/fault-proxy/fault-proxy.ts';
import type { FaultRule } from '../support/fault-proxy/fault-rule.ts';
import { readAnswer } from '../support/gateway/read-answer.ts';
import { openWatchedGateway, type WatchedGateway } from '../support/gateway/watched-gateway.ts';
import { describeOnServers } from '../support/servers/describe-on-servers.ts';
import { makeBucket, plainClient } from '../support/servers/s3-client.ts';

// H02–H04 end to end: a client, a gateway, and a store behind that breaks off, stalls, or gives back other bytes. What the
// client gets is right as far as it goes, and it can tell that it does not go to the end.

const mib = 2 ** 20;
const content = Buffer.from(randomLooking(20 * mib, 'H02'));
const integrity = 'sealpart_integrity_failures_total';

describeOnServers(
  'a gateway whose store fails in the middle',
  (server) => {
    let proxy: FaultProxy;
    let gateway: WatchedGateway;
    let Bucket: string;
    const rules: RuleHandle[] = [];

    beforeAll(async () => {
      proxy = await startFaultProxy({ upstream: server().endpoint });
      gateway = await openWatchedGateway({ behind: { ...server(), endpoint: proxy.endpoint } });
      Bucket = await makeBucket(server());
      for (const Key of ['large', 'unread']) {
        await gateway.client.send(new PutObjectCommand({ Bucket, Key, Body: content }));
      }
      await gateway.client.send(new PutObjectCommand({ Bucket, Key: 'small', Body: content.subarray(0, 900_000) }));
    });
    afterEach(async () => {
      for (const rule of rules.splice(0)) await rule.remove();
      await until(async () => (await gateway.inUse()) === 0);
    });
    afterAll(async () => {
      await gateway?.stop();
      await proxy?.stop();
    });

    async function rule(given: FaultRule): Promise<RuleHandle> {
      const handle = await proxy.addRule(given);
      rules.push(handle);
      return handle;
    }

    /** Reads all of the large object, which must break off behind something that is right. */
    async function expectBroken(atLeastBytes: number): Promise<number> {
      const { announcedBytes, received, broken } = await readAnswer(gateway.client, { Bucket, Key: 'large' });
      expect(announcedBytes).toBe(content.length);
      expect(broken).toBeInstanceOf(Error);
      expect(received.length).toBeGreaterThanOrEqual(atLeastBytes);
      expect(received.length).toBeLessThan(content.length);
      expect(received.equals(content.subarray(0, received.length))).toBe(true);
      return received.length;
    }

    it('H02: a reset that is tried again is not seen', async () => {
      const reset = await rule({
        match: { operation: 'GetObject' },
        nth: 2,
        action: { do: 'reset', at: 'answer', afterBytes: 3 * mib },
      });
      const { received, broken } = await readAnswer(gateway.client, { Bucket, Key: 'large' });
      expect([broken, received.equals(content)]).toEqual([undefined, true]);
      const { reached } = await reset.counts();
      noteFault({ id: 'H02', injected: 'a backend that resets once', reached, outcome: '200, all of it' });
    });

    it('H02: a backend that is gone in the middle: the client sees a body that is not whole', async () => {
      const reset = await rule({
        match: { operation: 'GetObject' },
        nth: 2,
        action: { do: 'reset', at: 'answer', afterBytes: 3 * mib },
      });
      const gone = await rule({
        match: { operation: 'GetObject' },
        nth: 3,
        times: 'always',
        action: { do: 'reset', at: 'start' },
      });
      const bytes = await expectBroken(7 * mib);
      const reached = (await reset.counts()).reached + (await gone.counts()).reached;
      expect(reached).toBeGreaterThan(1);
      expect(await gateway.metric('sealpart_http_events_total{event="broken"}')).toBeGreaterThan(0);
      expect(gateway.log()).toContain('an answer broke after it had begun');
      noteFault({
        id: 'H02',
        injected: 'a backend that resets for good',
        reached,
        outcome: `broken off after ${bytes}`,
      });
    });

    it('H03: other bytes in the middle: broken off, and counted', async () => {
      const before = await gateway.metric(integrity);
      const altered = await rule({
        match: { operation: 'GetObject' },
        nth: 2,
        times: 'always',
        action: { do: 'alterAnswer', body: { flipBits: [8 * 3 * mib] } },
      });
      const bytes = await expectBroken(7 * mib);
      expect(await gateway.metric(integrity)).toBe(before + 1);
      const { reached } = await altered.counts();
      noteFault({ id: 'H03', injected: 'a bit of the second GET', reached, outcome: `broken off after ${bytes}` });
    });

    it.each([
      // Of one that was not read before: a header that is known is not read again.
      ['the header', 'unread', 300],
      ['the first frame', 'large', 1024 + 200],
      ['the middle of a small one', 'small', 500_000],
      ['the end of a small one', 'small', 899_000],
    ])('H03: other bytes in %s: an error before the body', async (what, Key, at) => {
      const before = await gateway.metric(integrity);
      const altered = await rule({
        match: { operation: 'GetObject' },
        times: 'always',
        action: { do: 'alterAnswer', body: { flipBits: [8 * at] } },
      });
      const received = readAnswer(gateway.client, { Bucket, Key }).then((answer) => answer.received.length);
      await expect(received).rejects.toMatchObject({
        name: 'InternalError',
        $metadata: { httpStatusCode: 500 },
      });
      expect(await gateway.metric(integrity)).toBe(before + 1);
      const { reached } = await altered.counts();
      noteFault({ id: 'H03', injected: `a bit in ${what}`, reached, outcome: '500 before the body' });
    });

    it('H04: a GET body that stands still is ended, and the client sees that', async () => {
      const stalled = await rule({
        match: { operation: 'GetObject' },
        nth: 2,
        times: 'always',
        action: { do: 'stall', at: 'answer', afterBytes: 0 },
      });
      const begunMs = performance.now();
      const bytes = await expectBroken(7 * mib);
      expect(performance.now() - begunMs).toBeLessThan(5000);
      const { reached } = await stalled.counts();
      noteFault({ id: 'H04', injected: 'a GET that stands still', reached, outcome: `broken off after ${bytes}` });
    });

    it('H04: before the body: 503', async () => {
      const stalled = await rule({
        match: { operation: 'GetObject' },
        times: 'always',
        action: { do: 'stall', at: 'answered' },
      });
      await expect(readAnswer(gateway.client, { Bucket, Key: 'small' })).rejects.toMatchObject({
        $metadata: { httpStatusCode: 503 },
      });
      noteFault({
        id: 'H04',
        injected: 'a store that says nothing',
        reached: (await stalled.counts()).reached,
        outcome: '503',
      });
    });

    /** What the store has of a key, asked past the gateway. */
    async function behind(Key: string): Promise<{ isThere: boolean; uploads: number }> {
      const client = plainClient(server());
      const isThere = await client.send(new HeadObjectCommand({ Bucket, Key })).then(
        () => true,
        () => false,
      );
      const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket }));
      client.destroy();
      return { isThere, uploads: Uploads.length };
    }

    it.each([
      ['UploadPart', 'request', 1, 100_000],
      ['CompleteMultipartUpload', 'start', 1, 0],
    ] as const)(
      'H04: %s that stands still: 503 in time, and nothing is left',
      async (operation, at, nth, afterBytes) => {
        const Key = `put/${operation}`;
        const stalled = await rule({
          match: { operation },
          nth,
          times: 'always',
          action: { do: 'stall', at, afterBytes },
        });
        const begunMs = performance.now();
        const put = gateway.client.send(new PutObjectCommand({ Bucket, Key, Body: content }));
        await expect(put).rejects.toMatchObject({ $metadata: { httpStatusCode: 503 } });
        expect(performance.now() - begunMs).toBeLessThan(8000);
        expect(await behind(Key)).toEqual({ isThere: false, uploads: 0 });
        noteFault({
          id: 'H04',
          injected: `${operation} stands still`,
          reached: (await stalled.counts()).reached,
          outcome: '503, no upload is left',
        });
      },
    );

    it('H04: a Complete whose answer never comes: settled by what the store has', async () => {
      const Key = 'put/settled';
      const stalled = await rule({
        match: { operation: 'CompleteMultipartUpload' },
        times: 'always',
        action: { do: 'stall', at: 'answered' },
      });
      await gateway.client.send(new PutObjectCommand({ Bucket, Key, Body: content }));
      const { received, broken } = await readAnswer(gateway.client, { Bucket, Key });
      expect([broken, received.equals(content)]).toEqual([undefined, true]);
      expect(await behind(Key)).toEqual({ isThere: true, uploads: 0 });
      noteFault({
        id: 'H04',
        injected: 'Complete answers nobody',
        reached: (await stalled.counts()).reached,
        outcome: '200, and it is whole',
      });
    });
  },
  { servers: ['versitygw'] },
);
