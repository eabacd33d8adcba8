import { onTestFinished } from 'vitest';
import type { ListedPart, ObjectStore, UploadName } from '../../../src/objects/object-store.ts';
import { AdaptiveLimit } from '../../../src/objects/s3/adaptive-limit.ts';
import { openS3Store, type S3StoreOptions } from '../../../src/objects/s3/open-s3-store.ts';
import { beginUpload, patternBytes, storeParts } from '../../contracts/object-store/bytes.ts';
import { type FaultProxy, startFaultProxy } from '../../support/fault-proxy/fault-proxy.ts';
import { makeBucket } from '../../support/servers/s3-client.ts';
import type { S3Server } from '../../support/servers/s3-server.ts';
import { quickBackoff } from './fake-store.ts';

export interface FaultyStore {
  /** Goes through the proxy. */
  readonly store: ObjectStore;
  /** Goes past it. */
  readonly direct: ObjectStore;
  readonly proxy: FaultProxy;
  readonly bucket: string;
  readonly limit: AdaptiveLimit;
}

/** A store with a proxy before it, for the length of a test. */
export async function openFaultyStore(server: S3Server, options: S3StoreOptions = {}): Promise<FaultyStore> {
  const { endpoint, region, accessKeyId, secretAccessKey } = server;
  const credentials = { accessKeyId, secretAccessKey };
  const proxy = await startFaultProxy({
    upstream: endpoint,
    keepBodies: true,
    credentials: { ...credentials, region },
  });
  onTestFinished(() => proxy.stop());
  const limit = new AdaptiveLimit(16);
  const common = { region, credentials, backoff: quickBackoff, maxAttempts: 5 };
  const store = await openS3Store({ ...common, endpointUrl: proxy.endpoint, ...options }, undefined, { limit });
  onTestFinished(() => store.close());
  const direct = await openS3Store({ ...common, endpointUrl: endpoint });
  onTestFinished(() => direct.close());
  return { store, direct, proxy, bucket: await makeBucket(server), limit };
}

export interface ReadyUpload {
  readonly upload: UploadName;
  readonly listed: readonly ListedPart[];
  /** What it becomes. */
  readonly content: Uint8Array;
}

/** An upload of one part, to be completed. */
export async function readyUpload(store: ObjectStore, bucket: string, key = 'k'): Promise<ReadyUpload> {
  const content = patternBytes(70_000, 1);
  const upload = await beginUpload(store, { bucket, key });
  return { upload, content, listed: await storeParts(store, upload, new Map([[1, content]])) };
}
