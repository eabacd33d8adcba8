import { createHash } from 'node:crypto';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { randomLooking } from '../support/content.ts';
import { noteFault } from '../support/fault-log.ts';
import { openNeighbour } from '../support/gateway/neighbour.ts';
import { openWatchedGateway, type WatchedGateway } from '../support/gateway/watched-gateway.ts';
import { describeOnServers } from '../support/servers/describe-on-servers.ts';
import { makeBucket, plainClient } from '../support/servers/s3-client.ts';

// Two gateways over one bucket and one file of records, as one behind a load balancer has them.

const mib = 2 ** 20;
const md5 = (bytes: Uint8Array): string => `"${createHash('md5').update(bytes).digest('hex')}"`;

describeOnServers(
  'two gateways over one store',
  (server) => {
    let gateways: [WatchedGateway, WatchedGateway];
    let Bucket: string;

    beforeAll(async () => {
      const first = await openWatchedGateway({ behind: server() });
      gateways = [first, await openNeighbour(first, { behind: server() })];
      Bucket = await makeBucket(server());
    });
    afterAll(async () => {
      for (const gateway of gateways?.toReversed() ?? []) await gateway.stop();
    });

    it.each([1000, 500_000, 20 * mib])('what one wrote, the other tells and gives: %i bytes', async (length) => {
      const [one, two] = gateways;
      const Key = `shared/${length}`;
      for (const version of [1, 2]) {
        const Body = Buffer.from(randomLooking(length, version));
        const [writer, reader] = version === 1 ? [one, two] : [two, one];
        expect((await writer.client.send(new PutObjectCommand({ Bucket, Key, Body }))).ETag).toBe(md5(Body));
        const head = await reader.client.send(new HeadObjectCommand({ Bucket, Key }));
        expect([head.ETag, head.ContentLength]).toEqual([md5(Body), length]);
        const got = await reader.client.send(new GetObjectCommand({ Bucket, Key }));
        expect(Buffer.from(await got.Body!.transformToByteArray()).equals(Body)).toBe(true);
        const Range = `bytes=0-${length - 2}`;
        const part = await reader.client.send(new GetObjectCommand({ Bucket, Key, Range, IfMatch: md5(Body) }));
        expect(Buffer.from(await part.Body!.transformToByteArray()).equals(Body.subarray(0, -1))).toBe(true);
      }
      await one.client.send(new DeleteObjectCommand({ Bucket, Key }));
      await expect(two.client.send(new HeadObjectCommand({ Bucket, Key }))).rejects.toMatchObject({ name: 'NotFound' });
    });

    it.each([1000, 9 * mib])(
      'S11: of conditional PUTs through both of them one wins, and nothing is mixed: %i bytes',
      async (length) => {
        const Key = `contended/${length}`;
        const bodies = [0, 1, 2, 3].map((seed) => Buffer.from(randomLooking(length, `contended ${seed}`)));
        const put = (Body: Buffer, at: number) =>
          gateways[at % 2]!.client.send(new PutObjectCommand({ Bucket, Key, Body, IfNoneMatch: '*' }));
        const outcomes = await Promise.allSettled(bodies.map(put));
        const winners = outcomes.flatMap(({ status }, at) => (status === 'fulfilled' ? [at] : []));
        expect(winners).toHaveLength(1);
        for (const outcome of outcomes) {
          if (outcome.status === 'fulfilled') continue;
          expect([409, 412]).toContain(outcome.reason.$metadata.httpStatusCode);
        }
        const won = bodies[winners[0]!]!;
        for (const { client } of gateways) {
          const { Body, ETag } = await client.send(new GetObjectCommand({ Bucket, Key }));
          expect(Buffer.from(await Body!.transformToByteArray()).equals(won)).toBe(true);
          expect(ETag).toBe(md5(won));
        }
        // And replaced under the condition that it is still that.
        const replaced = await Promise.allSettled(
          bodies
            .slice(0, 2)
            .map((Body, at) =>
              gateways[at]!.client.send(
                new PutObjectCommand({ Bucket, Key, Body: Buffer.concat([Body, Body]), IfMatch: md5(won) }),
              ),
            ),
        );
        expect(replaced.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
        const client = plainClient(server());
        expect((await client.send(new ListMultipartUploadsCommand({ Bucket }))).Uploads ?? []).toEqual([]);
        client.destroy();
        for (const gateway of gateways) expect(await gateway.inUse()).toBe(0);
        noteFault({
          id: 'S11',
          injected: `conditional PUTs through two gateways, ${length} bytes`,
          reached: 5,
          outcome: 'one each wins, no upload is left',
        });
      },
    );
  },
  { servers: ['versitygw'] },
);
