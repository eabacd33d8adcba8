import {
  CreateBucketCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { randomLooking } from '../support/content.ts';
import { openNeighbour } from '../support/gateway/neighbour.ts';
import { openWatchedGateway, type WatchedGateway } from '../support/gateway/watched-gateway.ts';
import { describeOnServers } from '../support/servers/describe-on-servers.ts';

// What clients' requests cost at the store, by the store's own log.

const mib = 2 ** 20;
const Bucket = 'counted';
const large = Buffer.from(randomLooking(20 * mib, 'counted'));

describeOnServers(
  'requests at the store',
  (server) => {
    let gateway: WatchedGateway;

    beforeAll(async () => {
      gateway = await openWatchedGateway({ behind: server() });
      await gateway.client.send(new CreateBucketCommand({ Bucket }));
    });
    afterAll(() => gateway?.stop());

    /** The operations that the store was asked for meanwhile, but for those by which a gateway looks after itself. */
    async function asked(act: () => Promise<unknown>): Promise<Record<string, number>> {
      const before = (await server().requests!()).length;
      await act();
      const counts: Record<string, number> = {};
      for (const { operation } of (await server().requests!()).slice(before)) {
        counts[operation] = (counts[operation] ?? 0) + 1;
      }
      return counts;
    }

    const put = (Key: string, Body: Uint8Array) => gateway.client.send(new PutObjectCommand({ Bucket, Key, Body }));

    /** One that remembers nothing, as after a restart. */
    async function restarted<T>(act: (fresh: WatchedGateway) => Promise<T>): Promise<T> {
      const fresh = await openNeighbour(gateway, { behind: server() });
      try {
        return await act(fresh);
      } finally {
        await fresh.stop();
      }
    }

    it('a small PUT is one, and so is its GET by another gateway, and its HEAD', async () => {
      expect(await asked(() => put('small', large.subarray(0, 1024)))).toEqual({ PutObject: 1 });
      await restarted(async ({ client }) => {
        const get = async () => (await client.send(new GetObjectCommand({ Bucket, Key: 'small' }))).Body!;
        expect(await asked(async () => (await get()).transformToByteArray())).toEqual({ GetObject: 1 });
      });
      await restarted(async ({ client }) => {
        const head = () => client.send(new HeadObjectCommand({ Bucket, Key: 'small' }));
        expect(await asked(head)).toEqual({ HeadObject: 1 });
      });
    });

    it('a list of objects with records is one', async () => {
      for (let each = 0; each < 20; each++) await put(`listed/${each}`, large.subarray(0, 100 + each));
      await restarted(async ({ client }) => {
        const list = () => client.send(new ListObjectsV2Command({ Bucket, Prefix: 'listed/' }));
        let sizes: unknown[] = [];
        expect(await asked(async () => (sizes = (await list()).Contents!.map(({ Size }) => Size)))).toEqual({
          ListObjectsV2: 1,
        });
        expect(new Set(sizes)).toEqual(new Set(Array.from({ length: 20 }, (_, each) => 100 + each)));
      });
    });

    it('a large PUT is a multipart upload', async () => {
      expect(await asked(() => put('large', large))).toEqual({
        CreateMultipartUpload: 1,
        UploadPart: 3,
        CompleteMultipartUpload: 1,
        // What stands there is what was sent: stores answer Complete before they are sure of it.
        HeadObject: 1,
      });
    });

    it('ranges of a large one are three, and fewer as more is remembered', async () => {
      await restarted(async ({ client }) => {
        const range = async (first: number): Promise<void> => {
          const Range = `bytes=${first}-${first + 199_999}`;
          const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: 'large', Range }));
          expect(Buffer.from(await Body!.transformToByteArray()).equals(large.subarray(first, first + 200_000))).toBe(
            true,
          );
        };
        const costs: number[] = [];
        for (const first of [11 * mib, 17 * mib, 11 * mib, 12 * mib]) {
          const { GetObject, ...others } = await asked(() => range(first));
          expect(others).toEqual({});
          costs.push(GetObject!);
        }
        expect(costs).toEqual([3, 2, 1, 1]);
      });
    });
  },
  { servers: ['versitygw'] },
);
