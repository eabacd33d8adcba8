import { createHash, createSecretKey, randomBytes } from 'node:crypto';
import {
  CreateBucketCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keyFileIdentity, keyFileRecipient } from '../../src/keys/key-file.ts';
import { getObject } from '../../src/pipelines/get-object.ts';
import { putObject } from '../../src/pipelines/put-object.ts';
import { MemorySink } from '../../src/sinks/memory-sink.ts';
import { createMemorySource } from '../../src/sources/memory-source.ts';
import { openTestGateway, type TestGateway } from '../support/gateway/open-test-gateway.ts';

const sizes = [0, 1, 1000, 2 ** 16, 2 ** 16 + 1, 3 * 2 ** 20, 8 * 2 ** 20, 8 * 2 ** 20 + 1, 20 * 2 ** 20 + 17];
const bucket = 'shared';

describe('one format', () => {
  let gateway: TestGateway;
  const signal = new AbortController().signal;

  beforeAll(async () => {
    gateway = await openTestGateway();
    await gateway.client.send(new CreateBucketCommand({ Bucket: bucket }));
  });
  afterAll(() => gateway.stop());

  it.each(sizes)('what the gateway wrote, the library reads without the manifest: %i bytes', async (size) => {
    const Body = randomBytes(size);
    const Key = `written/${size}`;
    const { ETag } = await gateway.client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: Body }));
    expect(ETag).toBe(`"${createHash('md5').update(Body).digest('hex')}"`);
    const sink = new MemorySink();
    const identities = [keyFileIdentity(createSecretKey(gateway.key))];
    const access = { identities, objectName: { bucket, key: Key } };
    await getObject({ store: gateway.store, object: { bucket, key: Key }, sink, access, workers: 0 }, signal);
    expect(Buffer.compare(Buffer.from(sink.bytes()), Body)).toBe(0);
  });

  it.each(sizes)('what the library put, the gateway serves, sizes and all: %i bytes', async (size) => {
    const content = randomBytes(size);
    const Key = `put/${size}`;
    const recipients = [keyFileRecipient(createSecretKey(gateway.key))];
    const object = { bucket, key: Key };
    await putObject(
      { source: createMemorySource(content), store: gateway.store, object, recipients, workers: 0 },
      signal,
    );
    const listed = await gateway.client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: Key }));
    const found = listed.Contents?.find((one) => one.Key === Key);
    expect(found?.Size).toBe(size);
    const head = await gateway.client.send(new HeadObjectCommand({ Bucket: bucket, Key }));
    expect(head.ContentLength).toBe(size);
    expect(head.ETag).toMatch(/^"[0-9a-f]{32}-\d+"$/);
    expect(found?.ETag).toBe(head.ETag);
    const { Body, ETag } = await gateway.client.send(new GetObjectCommand({ Bucket: bucket, Key }));
    expect(ETag).toBe(head.ETag);
    expect(Buffer.compare(Buffer.from(await Body!.transformToByteArray()), content)).toBe(0);
  });
});
