import { CopyObjectCommand, PutBucketVersioningCommand, type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { keyFileRecipient } from '../../src/keys/key-file.ts';
import type { ObjectHead, ObjectStore } from '../../src/objects/object-store.ts';
import { openS3Store } from '../../src/objects/s3/open-s3-store.ts';
import { getObject } from '../../src/pipelines/get-object.ts';
import { type PutResult, putObject } from '../../src/pipelines/put-object.ts';
import { MemorySink } from '../../src/sinks/memory-sink.ts';
import { createMemorySource } from '../../src/sources/memory-source.ts';
import { randomLooking } from '../support/content.ts';
import { altered } from '../support/crash/altered.ts';
import { noteFault } from '../support/fault-log.ts';
import { failureOf } from '../support/refusal.ts';
import { describeOnServers } from '../support/servers/describe-on-servers.ts';
import { makeBucket, plainClient } from '../support/servers/s3-client.ts';
import { access, calm, inlinePool, kek } from '../support/streams.ts';

// S26: a bucket that keeps versions. What is read is one version from the first byte to the last; that it is not the
// newest only the stream's digest can tell.

const key = 'key';
const pool = inlinePool(24 * 2 ** 20);
afterAll(() => pool.close());

// Two requests each: more than the first one asks for.
const [old, newer] = ['old', 'newer'].map((seed) => randomLooking(3 * 2 ** 20, seed)) as [Uint8Array, Uint8Array];

describeOnServers(
  'S26: a bucket with versions',
  (server) => {
    let store: ObjectStore;
    let client: S3Client;
    let bucket: string;
    beforeAll(async () => {
      const { endpoint, region, accessKeyId, secretAccessKey } = server();
      store = await openS3Store({ endpointUrl: endpoint, region, credentials: { accessKeyId, secretAccessKey } });
      client = plainClient(server());
      bucket = await makeBucket(server());
      const VersioningConfiguration = { Status: 'Enabled' } as const;
      await client.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration }));
    });
    afterAll(async () => {
      client?.destroy();
      await store?.close();
    });

    async function put(content: Uint8Array): Promise<PutResult & { readonly head: ObjectHead }> {
      const source = createMemorySource(content);
      const recipients = [keyFileRecipient(kek)];
      const done = await putObject({ source, store, object: { bucket, key }, recipients, pool }, calm);
      const head = await store.head({ bucket, key }, calm);
      expect(head.versionId).toBeDefined();
      return { ...done, head };
    }

    async function get(more: Partial<Parameters<typeof getObject>[0]> = {}): Promise<Uint8Array> {
      const object = { bucket, key };
      const sink = new MemorySink();
      await getObject({ store, object, sink, pool, access: { ...access, objectName: object }, ...more }, calm);
      return sink.bytes();
    }

    function isContent(bytes: Uint8Array, content: Uint8Array): boolean {
      return Buffer.compare(bytes, content) === 0;
    }

    it('S26: a version that is known is read, whatever stands there now', async () => {
      const { head } = await put(old);
      await put(newer);
      expect(isContent(await get(), newer)).toBe(true);
      expect(isContent(await get({ known: { head } }), old)).toBe(true);
      noteFault({ id: 'S26', injected: 'a newer version', reached: 1, outcome: 'the pinned version is read' });
      await store.delete({ bucket, key }, calm);
      expect((await failureOf(get())).code).toBe('not-found');
      expect(isContent(await get({ known: { head } }), old)).toBe(true);
      noteFault({ id: 'S26', injected: 'a delete marker', reached: 1, outcome: 'the pinned version is read' });
    });

    it('S26: a version that is written in the middle of a read changes nothing of it', async () => {
      await put(old);
      let reached = 0;
      const overtaken = altered(store, {
        async get(request, signal) {
          const body = await store.get(request, signal);
          // The first answer has told which version is read.
          if (reached++ === 0) await put(newer);
          return body;
        },
      });
      expect(isContent(await get({ store: overtaken }), old)).toBe(true);
      expect(reached).toBeGreaterThan(1);
      expect(isContent(await get(), newer)).toBe(true);
      noteFault({ id: 'S26', injected: 'a version written during a read', reached: 1, outcome: 'one version is read' });
    });

    it('S26: an older version that was restored is told by the digest that the reader was handed', async () => {
      const before = await put(old);
      const { streamDigest } = await put(newer);
      expect(isContent(await get({ expectDigest: streamDigest }), newer)).toBe(true);
      const CopySource = `${bucket}/${key}?versionId=${before.head.versionId}`;
      await client.send(new CopyObjectCommand({ Bucket: bucket, Key: key, CopySource }));
      // It is authentic, and nothing in it says that there was a newer one.
      expect(isContent(await get(), old)).toBe(true);
      expect((await failureOf(get({ expectDigest: streamDigest }))).code).toBe('stream-digest-mismatch');
      noteFault({ id: 'S26', injected: 'an older version restored', reached: 1, outcome: 'stream-digest-mismatch' });
    });
  },
  { servers: ['versitygw', 'minio'] },
);
