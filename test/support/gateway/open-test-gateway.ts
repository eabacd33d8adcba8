import { createSecretKey, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { digestAlgs } from '../../../src/format/stream-parameters.ts';
import { AccessKeys } from '../../../src/gateway/access/access-keys.ts';
import { soleAccessKey } from '../../../src/gateway/access/parse-access-keys.ts';
import type { Gateway, GatewayOptions } from '../../../src/gateway/gateway.ts';
import { type GatewayInternals, openGateway } from '../../../src/gateway/open-gateway.ts';
import { keyFileIdentity, keyFileRecipient } from '../../../src/keys/key-file.ts';
import type { Manifest } from '../../../src/manifest/manifest.ts';
import { openSqliteManifest } from '../../../src/manifest/sqlite/open-sqlite-manifest.ts';
import type { BucketStore } from '../../../src/objects/bucket-store.ts';
import { openDirectoryStore } from '../../../src/objects/directory/open-directory-store.ts';
import { openS3Store } from '../../../src/objects/s3/open-s3-store.ts';
import type { Reachable } from '../servers/s3-client.ts';

/** A gateway in this process, over a store of its own or a server of S3. */
export interface TestGateway extends Reachable {
  readonly gateway: Gateway;
  readonly store: BucketStore;
  readonly manifest: Manifest;
  /** Everything that it keeps: the store unless that is a server, and the manifest. */
  readonly folder: string;
  /** The key file's 32 bytes. */
  readonly key: Buffer;
  readonly client: S3Client;
  stop(): Promise<void>;
}

export interface TestGatewayOptions {
  /** A server of S3 behind; a directory store unless told. */
  readonly behind?: Reachable;
  readonly options?: Partial<GatewayOptions>;
  /** Looks at, or stands in the way of, what goes to the store. */
  readonly wrap?: (store: BucketStore) => BucketStore;
  readonly internals?: Partial<GatewayInternals>;
  /** The key file's bytes; random ones unless told. */
  readonly key?: Buffer;
}

const signal: AbortSignal = new AbortController().signal;

export async function openTestGateway({
  behind,
  options,
  wrap,
  internals,
  key = randomBytes(32),
}: TestGatewayOptions = {}): Promise<TestGateway> {
  const folder = await mkdtemp(join(tmpdir(), 'sealpart-gateway-'));
  const opened =
    behind === undefined ? await openDirectoryStore(join(folder, 'store'), { create: true }) : await openServer(behind);
  const store = wrap === undefined ? opened : wrap(opened);
  const manifest = await openSqliteManifest(join(folder, 'manifest.db'));
  const secretKey = createSecretKey(key);
  const accessKeyId = 'test-client';
  const secretAccessKey = randomBytes(20).toString('hex');
  const region = 'us-east-1';
  const gateway = await openGateway(
    {
      store,
      manifest,
      recipients: [keyFileRecipient(secretKey)],
      access: { identities: [keyFileIdentity(secretKey)] },
      accessKeys: new AccessKeys({
        keys: [soleAccessKey(accessKeyId, secretAccessKey, { id: 'the id', secret: 'the secret' })],
        anonymous: [],
      }),
      listen: { host: '127.0.0.1', port: 0 },
      memoryBytes: 64 * 2 ** 20,
      workers: 1,
      digestAlg: digestAlgs.sha256Tags,
      etags: 'md5',
      plaintext: 'refuse',
      namesInContext: true,
      region,
      domains: [],
      buckets: {},
      logLevel: 'silent',
      ...options,
    },
    signal,
    internals,
  );
  const credentials = { accessKeyId, secretAccessKey };
  const client = new S3Client({ endpoint: gateway.url, region, credentials, forcePathStyle: true, maxAttempts: 1 });
  return {
    gateway,
    store,
    manifest,
    folder,
    key,
    client,
    endpoint: gateway.url,
    region,
    ...credentials,
    stop: async () => {
      client.destroy();
      await gateway.close(1000);
      await manifest.close();
      await opened.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function openServer({ endpoint, region, accessKeyId, secretAccessKey }: Reachable): Promise<BucketStore> {
  const credentials = { accessKeyId, secretAccessKey };
  return openS3Store({ endpointUrl: endpoint, region, credentials });
}
