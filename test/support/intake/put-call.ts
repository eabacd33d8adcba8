import { createHash } from 'node:crypto';
import { onTestFinished } from 'vitest';
import type { GatewayGround } from '../../../src/gateway/gateway-ground.ts';
import { openContentHashing } from '../../../src/gateway/hashing/open-content-hashing.ts';
import type { GatewayAnswer } from '../../../src/gateway/http/gateway-answer.ts';
import type { RequestBody } from '../../../src/gateway/http/gateway-request.ts';
import type { OperationCall } from '../../../src/gateway/operation-call.ts';
import { putObject } from '../../../src/gateway/operations/put-object.ts';
import { openRecordBook } from '../../../src/gateway/records/open-record-book.ts';
import { keyFileRecipient } from '../../../src/keys/key-file.ts';
import type { Manifest } from '../../../src/manifest/manifest.ts';
import { createMemoryManifest } from '../../../src/manifest/memory-manifest.ts';
import type { BucketStore } from '../../../src/objects/bucket-store.ts';
import { openDirectoryStore } from '../../../src/objects/directory/open-directory-store.ts';
import { getObject } from '../../../src/pipelines/get-object.ts';
import { IntakeMemory } from '../../../src/pipelines/intake/intake-memory.ts';
import { routeRequest } from '../../../src/s3-protocol/routes/route-request.ts';
import type { HeaderField } from '../../../src/s3-protocol/signature/raw-request.ts';
import { parseSignedPayload } from '../../../src/s3-protocol/signature/signed-payload.ts';
import { deriveSigningKey } from '../../../src/s3-protocol/signature/signing-key.ts';
import { MemorySink } from '../../../src/sinks/memory-sink.ts';
import { createFramePool } from '../../../src/workers/frame-pool.ts';
import { access, calm, kek } from '../streams.ts';
import { temporaryDirectory } from '../temporary-directory.ts';
import { collected, sceneSizes } from './intake-scene.ts';

export const putBucket = 'shelf';

/** What operations share, over a store in a folder and a manifest in memory. */
export interface PutScene {
  readonly ground: GatewayGround;
  readonly manifest: Manifest;
  readonly troubles: string[];
  read(key: string): Promise<Buffer>;
  /** Uploads that are left: in the store, in the manifest. */
  left(): Promise<{ stored: number; recorded: number }>;
}

export async function putScene(
  changes: Partial<GatewayGround> = {},
  wrap: (store: BucketStore) => BucketStore = (store) => store,
): Promise<PutScene> {
  const pool = createFramePool({ workers: 0, plainBytes: 8 * 2 ** 20, wireBytes: 12 * 2 ** 20 });
  const hashing = openContentHashing({ workers: 1 });
  const bare = await openDirectoryStore(await temporaryDirectory(), { create: true, limits: { minPartBytes: 1 } });
  onTestFinished(() => Promise.all([pool.close(), hashing.close(), bare.close()]).then(() => undefined));
  await bare.createBucket(putBucket, calm);
  const manifest = createMemoryManifest();
  const recipients = [keyFileRecipient(kek)];
  const logicalBucket = (bucket: string): string => `logical-${bucket}`;
  const records = await openRecordBook({ records: manifest.records, recipients, access, logicalBucket }, calm);
  const troubles: string[] = [];
  const ground: GatewayGround = {
    store: wrap(bare),
    records,
    uploads: manifest,
    pool,
    intake: IntakeMemory.open(pool),
    hashing,
    recipients,
    access,
    writing: { digestAlg: 3, ...sceneSizes },
    etags: 'md5',
    plaintext: 'refuse',
    namesInContext: true,
    region: 'us-east-1',
    owner: { id: 'sealpart', displayName: 'sealpart' },
    logicalBucket,
    clock: Date.now,
    onTrouble: (what) => troubles.push(what),
    ...changes,
  };
  return {
    ground,
    manifest,
    troubles,
    read: async (key) => {
      const sink = new MemorySink();
      const objectName = { bucket: logicalBucket(putBucket), key };
      const request = { store: bare, object: { bucket: putBucket, key }, sink, access: { ...access, objectName } };
      await getObject({ ...request, workers: 0 }, calm);
      return Buffer.from(sink.bytes());
    },
    left: async () => ({
      stored: (await collected(bare.listUploads(putBucket, calm))).length,
      recorded: (await collected(manifest.list({}, calm))).length,
    }),
  };
}

export interface PutTold {
  readonly key?: string;
  readonly headers?: readonly HeaderField[];
  /** What x-amz-content-sha256 says; UNSIGNED-PAYLOAD unless told. */
  readonly payload?: string;
  /** Content-Length; that of the body unless told, undefined for none. */
  readonly lengthBytes?: number | undefined;
  readonly body?: RequestBody;
  readonly anonymous?: boolean;
}

/** A PutObject as it would come in, its signature checked. The body comes in pieces of 10,000 bytes. */
export function putCall({ ground }: PutScene, bytes: Uint8Array, told: PutTold = {}): OperationCall {
  const { key = 'letters/one', headers = [], payload = 'UNSIGNED-PAYLOAD', anonymous = false } = told;
  const lengthBytes = 'lengthBytes' in told ? told.lengthBytes : bytes.length;
  const raw = {
    method: 'PUT',
    target: `/${putBucket}/${encodeURI(key)}`,
    headers: [['Host', 'localhost'], ['x-amz-content-sha256', payload], ...headers] as const,
  };
  const route = routeRequest(raw);
  return {
    ground,
    request: {
      ...raw,
      requestId: '0123456789ABCDEF',
      hostId: 'host',
      remoteAddress: '127.0.0.1',
      secure: false,
      body: told.body ?? bodyOf(bytes, lengthBytes),
    },
    route,
    verified: anonymous
      ? undefined
      : {
          accessKeyId: 'AKTEST',
          payload: parseSignedPayload(payload, false),
          presigned: false,
          hoistedHeaders: [],
          seed: {
            signingKey: deriveSigningKey('secret', { date: '20250101', region: 'us-east-1' }),
            timestamp: '20250101T000000Z',
            scope: '20250101/us-east-1/s3/aws4_request',
            signature: '0'.repeat(64),
          },
        },
    bucket: putBucket,
    key: route.target.key!,
    allows: () => true,
    allowsListing: () => true,
    seesBucket: () => true,
  };
}

export function bodyOf(bytes: Uint8Array, lengthBytes: number | undefined, failure?: Error): RequestBody {
  let at = 0;
  return {
    lengthBytes,
    get receivedBytes() {
      return at;
    },
    next: async () => {
      if (at === bytes.length && failure !== undefined) throw failure;
      const chunk = bytes.slice(at, at + 10_000);
      at += chunk.length;
      return chunk.length === 0 ? undefined : chunk;
    },
  };
}

export async function put(scene: PutScene, bytes: Uint8Array, told: PutTold = {}): Promise<GatewayAnswer> {
  return putObject(putCall(scene, bytes, told), calm);
}

/** A header of an answer, by its name in lower case. */
export function told({ headers }: GatewayAnswer, name: string): string | undefined {
  return headers.find((header) => header[0].toLowerCase() === name)?.[1];
}

export function md5(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex');
}
