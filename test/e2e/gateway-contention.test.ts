import { createHash } from 'node:crypto';
import { GetObjectCommand, HeadObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { until } from '../cli/cli-process.ts';
import { randomLooking } from '../support/content.ts';
import { openNeighbour } from '../support/gateway/neighbour.ts';
import { openWatchedGateway, type WatchedGateway } from '../support/gateway/watched-gateway.ts';
import { describeOnServers } from '../support/servers/describe-on-servers.ts';
import { makeBucket } from '../support/servers/s3-client.ts';

// One key that many write and read at the same time, through two gateways that each remember what they last saw of it.
// Whatever is told and given is of one state: nobody gets content under another one's ETag or length.

const mib = 2 ** 20;
/** By ETag. Some go in one request, some in several; two are of one length. */
const contents = new Map(
  [650, 700, 100_000, 100_000, 3 * mib, 9 * mib].map((length, seed) => {
    const content = Buffer.from(randomLooking(length, `contention ${seed}`));
    return [`"${createHash('md5').update(content).digest('hex')}"`, content] as const;
  }),
);
const runsMs = 3000;

describeOnServers(
  'a key that is written and read at the same time',
  (server) => {
    let gateways: [WatchedGateway, WatchedGateway];
    let Bucket: string;
    const Key = 'k';

    beforeAll(async () => {
      const first = await openWatchedGateway({ behind: server(), patience: { maxAttempts: 4 } });
      gateways = [first, await openNeighbour(first, { behind: server(), patience: { maxAttempts: 4 } })];
      Bucket = await makeBucket(server());
    });
    afterAll(async () => {
      for (const gateway of gateways?.toReversed() ?? []) await gateway.stop();
    });

    it('is always one of the states that were written', async () => {
      const [one, two] = gateways.map(({ client }) => client) as [WatchedGateway['client'], WatchedGateway['client']];
      const all = [...contents.values()];
      await one.send(new PutObjectCommand({ Bucket, Key, Body: all[0]! }));
      const endMs = performance.now() + runsMs;
      const counts = { written: 0, whole: 0, ranges: 0, heads: 0, lists: 0, broken: 0, unnamed: 0 };
      /** The content that goes with an ETag, or all of such a length where the ETag is one that says nothing. */
      const known = (etag: string | undefined, length: number): Buffer[] => {
        const content = contents.get(etag as `"${string}"`);
        if (content !== undefined) return content.length === length ? [content] : [];
        // Between an object of several parts and its record there is a moment.
        expect(etag).toMatch(/^"[0-9a-f]{32}-\d+"$/);
        counts.unnamed++;
        return all.filter((each) => each.length === length);
      };
      /** What a race may end in: a status for it, or an answer that is broken off. */
      const orBroken = async (act: () => Promise<void>): Promise<void> => {
        try {
          await act();
        } catch (error) {
          const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
          const isReset = (error as { code?: string }).code === 'ECONNRESET';
          if (!isReset && ![409, 412, 416, 503].includes(status ?? 0)) throw error;
          counts.broken++;
        }
      };
      const loop = async (act: (round: number) => Promise<void>): Promise<void> => {
        for (let round = 0; performance.now() < endMs; round++) await orBroken(() => act(round));
      };
      const write = (client: typeof one, from: number) =>
        loop(async (round) => {
          const { ETag } = await client.send(
            new PutObjectCommand({ Bucket, Key, Body: all[(from + round) % all.length]! }),
          );
          expect(ETag).toMatch(/^"[0-9a-f]{32}/);
          counts.written++;
        });
      const read = (client: typeof one) =>
        loop(async () => {
          const { ETag, ContentLength, Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
          const received = Buffer.from(await Body!.transformToByteArray());
          expect(ContentLength).toBe(received.length);
          expect(known(ETag, received.length).some((content) => received.equals(content))).toBe(true);
          counts.whole++;
        });
      const readRange = (client: typeof one) =>
        loop(async () => {
          const { ETag, ContentRange, Body } = await client.send(
            new GetObjectCommand({ Bucket, Key, Range: 'bytes=-600' }),
          );
          const received = Buffer.from(await Body!.transformToByteArray());
          const length = Number(/^bytes \d+-\d+\/(\d+)$/.exec(ContentRange!)![1]);
          expect(known(ETag, length).some((content) => received.equals(content.subarray(-600)))).toBe(true);
          counts.ranges++;
        });
      const head = (client: typeof one) =>
        loop(async () => {
          const { ETag, ContentLength } = await client.send(new HeadObjectCommand({ Bucket, Key }));
          expect(known(ETag, ContentLength!)).not.toEqual([]);
          counts.heads++;
        });
      const list = (client: typeof one) =>
        loop(async () => {
          const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }));
          for (const { ETag, Size } of Contents)
            expect([ETag, Size, known(ETag, Size!).length]).not.toEqual([ETag, Size, 0]);
          counts.lists++;
        });
      await Promise.all([
        ...[write(one, 0), write(two, 3)],
        ...[one, two].flatMap((client) => [read(client), readRange(client), head(client), list(client)]),
      ]);
      for (const [what, count] of Object.entries(counts))
        if (what !== 'broken' && what !== 'unnamed') expect([what, count]).not.toEqual([what, 0]);
      for (const gateway of gateways) await until(async () => (await gateway.inUse()) === 0);
    });
  },
  { servers: ['versitygw'] },
);
