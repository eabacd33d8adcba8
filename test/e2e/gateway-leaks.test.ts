import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { until } from '../cli/cli-process.ts';
import { randomLooking } from '../support/content.ts';
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy/fault-proxy.ts';
import type { FaultAction } from '../support/fault-proxy/fault-rule.ts';
import { beginPut } from '../support/gateway/paced-put.ts';
import { readAnswer } from '../support/gateway/read-answer.ts';
import { openWatchedGateway } from '../support/gateway/watched-gateway.ts';
import { describeOnServers } from '../support/servers/describe-on-servers.ts';
import { makeBucket } from '../support/servers/s3-client.ts';

// What requests that end badly leave behind in the gateway: nothing.

const mib = 2 ** 20;
const content = Buffer.from(randomLooking(10 * mib, 'leaks'));

function resources(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of process.getActiveResourcesInfo()) {
    if (/TCP|Pipe|FSReq|MessagePort|Worker/.test(name)) counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

describeOnServers(
  'after requests that failed in every way',
  (server) => {
    let proxy: FaultProxy;
    const unhandled: unknown[] = [];
    const onUnhandled = (error: unknown): void => void unhandled.push(error);
    beforeAll(async () => {
      process.on('unhandledRejection', onUnhandled);
      proxy = await startFaultProxy({ upstream: server().endpoint });
    });
    afterAll(async () => {
      process.off('unhandledRejection', onUnhandled);
      await proxy?.stop();
    });

    it('no memory, no connection, no thread and no body is held', async () => {
      const Bucket = await makeBucket(server());
      const before = resources();
      const gateway = await openWatchedGateway({ behind: { ...server(), endpoint: proxy.endpoint } });
      const port = Number(new URL(gateway.endpoint).port);
      await gateway.client.send(new PutObjectCommand({ Bucket, Key: 'k', Body: content }));
      const actions: FaultAction[] = [
        { do: 'reset', at: 'start' },
        { do: 'reset', at: 'answer', afterBytes: 100_000 },
        { do: 'stall', at: 'answered' },
        { do: 'answer', status: 503, code: 'SlowDown' },
        { do: 'answer', status: 500, code: 'InternalError', afterRequestBytes: 50_000 },
        { do: 'alterAnswer', body: { flipBits: [80_000], truncateTo: 200_000 } },
      ];
      let reached = 0;
      for (const action of actions) {
        const rule = await proxy.addRule({
          match: { operation: ['GetObject', 'UploadPart', 'CompleteMultipartUpload', 'PutObject'] },
          times: 'always',
          action,
        });
        const client = gateway.client;
        const small = content.subarray(0, 300_000);
        const gone = await beginPut({ ...gateway, port }, `/${Bucket}/gone`, content);
        await gone.send(9 * mib);
        gone.abort();
        const aborted = new AbortController();
        const leaving = client.send(new GetObjectCommand({ Bucket, Key: 'k' }), { abortSignal: aborted.signal });
        setTimeout(() => aborted.abort(), 20);
        const ended = await Promise.allSettled([
          leaving.then(({ Body }) => Body!.transformToByteArray()),
          readAnswer(client, { Bucket, Key: 'k' }),
          readAnswer(client, { Bucket, Key: 'k', Range: 'bytes=9000000-9100000' }),
          client.send(new PutObjectCommand({ Bucket, Key: 'put', Body: content })),
          client.send(new PutObjectCommand({ Bucket, Key: 'small', Body: small })),
          gone.answered,
        ]);
        reached += ended.filter(({ status }) => status === 'rejected').length;
        await rule.remove();
      }
      expect(reached).toBeGreaterThan(actions.length);
      await until(async () => (await gateway.inUse()) === 0);
      gateway.client.destroy();
      await until(async () => (await gateway.metric('sealpart_connections_open')) === 0);
      await gateway.stop();
      await until(() => {
        const after = resources();
        return Object.entries(after).every(([name, count]) => count <= (before[name] ?? 0));
      });
      expect(unhandled).toEqual([]);
    });
  },
  { servers: ['versitygw'] },
);
