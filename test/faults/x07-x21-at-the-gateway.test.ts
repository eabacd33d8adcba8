import { createHash } from 'node:crypto';
import {
  CopyObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { randomLooking } from '../support/content.ts';
import { noteFault } from '../support/fault-log.ts';
import { openNeighbour } from '../support/gateway/neighbour.ts';
import { readAnswer } from '../support/gateway/read-answer.ts';
import { openWatchedGateway, type WatchedGateway } from '../support/gateway/watched-gateway.ts';
import { describeOnServers } from '../support/servers/describe-on-servers.ts';
import { makeBucket, plainClient } from '../support/servers/s3-client.ts';

// X07, X21 and what a store can do that is not to be trusted: it puts one object in the place of another, plaintext in
// the place of a stream, or an earlier state in the place of the present one.

const mib = 2 ** 20;

describeOnServers(
  'a gateway over a store that others write to',
  (server) => {
    let gateway: WatchedGateway;
    let behind: S3Client;
    let Bucket: string;

    beforeAll(async () => {
      gateway = await openWatchedGateway({ behind: server() });
      Bucket = await makeBucket(server());
      behind = plainClient(server());
    });
    afterAll(async () => {
      behind?.destroy();
      await gateway?.stop();
    });

    const put = (Key: string, Body: Uint8Array) => gateway.client.send(new PutObjectCommand({ Bucket, Key, Body }));
    const integrity = () => gateway.metric('sealpart_integrity_failures_total');

    it.each([5000, 9 * mib])('X07: an object of %i bytes that was copied behind it is refused', async (length) => {
      const content = Buffer.from(randomLooking(length, 'X07'));
      await put(`mine/${length}`, content);
      await behind.send(
        new CopyObjectCommand({ Bucket, Key: `theirs/${length}`, CopySource: `${Bucket}/mine/${length}` }),
      );
      const failures = await integrity();
      const asked = { Bucket, Key: `theirs/${length}` };
      const refused = { $metadata: { httpStatusCode: 500 } };
      await expect(readAnswer(gateway.client, asked)).rejects.toMatchObject({ name: 'InternalError', ...refused });
      const range = readAnswer(gateway.client, { ...asked, Range: 'bytes=10-20' });
      await expect(range).rejects.toMatchObject(refused);
      await expect(gateway.client.send(new HeadObjectCommand(asked))).rejects.toMatchObject(refused);
      expect((await integrity()) - failures).toBe(3);
      // One that cannot be read does not spoil the list of the others.
      const { Contents = [] } = await gateway.client.send(new ListObjectsV2Command({ Bucket, Prefix: '' }));
      expect(Contents.find(({ Key }) => Key === `mine/${length}`)?.Size).toBe(length);
      const { received } = await readAnswer(gateway.client, { Bucket, Key: `mine/${length}` });
      expect(received.equals(content)).toBe(true);
      noteFault({ id: 'X07', injected: 'an object copied behind the gateway', reached: 3, outcome: '500, counted' });
    });

    it('X21: plaintext behind is refused, and served where that was chosen', async () => {
      const passing = await openNeighbour(gateway, { behind: server(), options: { plaintext: 'pass' } });
      onTestFinished(() => passing.stop());
      const contents = { 'plain/little': Buffer.from('plaintext'), 'plain/large': Buffer.alloc(9 * mib, 'plaintext') };
      for (const [Key, Body] of Object.entries(contents)) {
        await behind.send(new PutObjectCommand({ Bucket, Key, Body }));
        const refused = { $metadata: { httpStatusCode: 403 } };
        await expect(readAnswer(gateway.client, { Bucket, Key })).rejects.toMatchObject({
          name: 'InvalidObjectState',
          ...refused,
        });
        await expect(gateway.client.send(new HeadObjectCommand({ Bucket, Key }))).rejects.toMatchObject(refused);
        const { received, broken } = await readAnswer(passing.client, { Bucket, Key });
        expect([received.equals(Body), broken]).toEqual([true, undefined]);
      }
      noteFault({ id: 'X21', injected: 'plaintext behind', reached: 2, outcome: '403, or passed where chosen' });
    });

    /** Takes the object as the store has it, to be put back later. */
    async function take(Key: string): Promise<() => Promise<unknown>> {
      const { Body, Metadata, ContentType } = await behind.send(new GetObjectCommand({ Bucket, Key }));
      const bytes = await Body!.transformToByteArray();
      return () => behind.send(new PutObjectCommand({ Bucket, Key, Body: bytes, Metadata, ContentType }));
    }

    it.each([5000, 9 * mib])(
      'X06: an earlier state that the store puts back is that state, whole: %i bytes',
      async (length) => {
        const [earlier, later] = [1, 2].map((seed) => Buffer.from(randomLooking(length, seed))) as [Buffer, Buffer];
        const Key = `rolled/${length}`;
        await put(Key, earlier);
        const restore = await take(Key);
        await put(Key, later);
        // So that everything of the later state is remembered: headers, sizes, ETags.
        for (const Range of [undefined, 'bytes=4000-4999']) {
          const { received } = await readAnswer(gateway.client, { Bucket, Key, Range });
          expect(received.equals(Range === undefined ? later : later.subarray(4000, 5000))).toBe(true);
        }
        await restore();
        for (const Range of [undefined, 'bytes=4000-4999', `bytes=${length - 1000}-`]) {
          const { received, broken } = await readAnswer(gateway.client, { Bucket, Key, Range });
          const whole = earlier.subarray(
            Range === undefined ? 0 : Range.endsWith('-') ? length - 1000 : 4000,
            Range === 'bytes=4000-4999' ? 5000 : length,
          );
          expect([received.equals(whole), broken], Range ?? 'whole').toEqual([true, undefined]);
        }
        const { ETag } = await gateway.client.send(new HeadObjectCommand({ Bucket, Key }));
        expect(ETag).not.toBe(`"${createHash('md5').update(later).digest('hex')}"`);
        noteFault({ id: 'X06', injected: 'an earlier state put back', reached: 1, outcome: 'served whole, not mixed' });
      },
    );
  },
  { servers: ['versitygw'] },
);
