import { onTestFinished } from 'vitest';
import { objectNameHash } from '../../../src/crypto/object-name.ts';
import type { ObjectRecord } from '../../../src/crypto/object-record.ts';
import type { StreamParameters } from '../../../src/format/stream-parameters.ts';
import type { GatewayGround } from '../../../src/gateway/gateway-ground.ts';
import type { GatewayAnswer } from '../../../src/gateway/http/gateway-answer.ts';
import type { OperationCall, OperationHandler } from '../../../src/gateway/operation-call.ts';
import { readingRoom } from '../../../src/gateway/reading/reading-room.ts';
import { openRecordBook } from '../../../src/gateway/records/open-record-book.ts';
import { recordMetadataName } from '../../../src/gateway/records/record-book.ts';
import { keyFileRecipient } from '../../../src/keys/key-file.ts';
import { createMemoryManifest } from '../../../src/manifest/memory-manifest.ts';
import type { BucketStore } from '../../../src/objects/bucket-store.ts';
import { openDirectoryStore } from '../../../src/objects/directory/open-directory-store.ts';
import type { ObjectAttributes } from '../../../src/objects/object-store.ts';
import { routeRequest } from '../../../src/s3-protocol/routes/route-request.ts';
import type { HeaderField } from '../../../src/s3-protocol/signature/raw-request.ts';
import { createFramePool, type FramePool } from '../../../src/workers/frame-pool.ts';
import { type CountingStore, countRequests } from '../../support/counting-store.ts';
import {
  access,
  calm,
  kek,
  type MadePart,
  type MadeStream,
  makeIndexed,
  makeScheduled,
  parametersOf,
} from '../../support/streams.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

export const bucket = 'bucket';
export const key = 'a key/with a slash';

/** As the gateway writes: frames of 64 KiB, digest of tags. */
export const standard: StreamParameters = parametersOf({
  digestAlg: 3,
  frameSizeLog2: 16,
  segmentSizeLog2: 23,
  headerLen: 1024,
});

/** An hour after the objects were written, so that nobody waits for their records. */
const clockAheadMs = 3_600_000;

export interface ReadingGround {
  readonly ground: GatewayGround;
  readonly store: CountingStore & BucketStore;
  readonly pool: FramePool;
  /** What one request was answered with. */
  ask(handler: OperationHandler, asked?: Asked): Promise<Answered>;
  put(made: MadeStream, options?: PutOptions): Promise<ObjectRecord>;
  putBytes(bytes: Uint8Array, attributes?: ObjectAttributes, ofKey?: string): Promise<void>;
  /** The same, with nothing in its memory. */
  restarted(changes?: Partial<GatewayGround>): ReadingGround;
}

export interface Asked {
  readonly method?: string;
  readonly key?: string;
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly anonymous?: boolean;
  readonly signal?: AbortSignal;
}

export interface Answered {
  readonly status: number;
  /** By names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Uint8Array;
}

export interface PutOptions {
  readonly ofKey?: string;
  /** Where its record stands. */
  readonly record?: 'metadata' | 'table' | 'none';
  readonly recorded?: Partial<ObjectRecord>;
  readonly attributes?: ObjectAttributes;
}

export interface GroundOptions {
  readonly changes?: Partial<GatewayGround>;
  readonly pool?: FramePool;
  readonly store?: BucketStore;
  /** Between what counts and the store. */
  readonly decorate?: (store: BucketStore) => BucketStore;
}

/** A stream that is bound to its name. */
export function makeBound(
  content: Uint8Array,
  parameters: StreamParameters = standard,
  { ofKey = key, seed = 1, pool }: { ofKey?: string; seed?: number | string; pool?: FramePool } = {},
): Promise<MadeStream> {
  const bound = { kind: 'object', nameHash: objectNameHash(`logical ${bucket}`, ofKey) } as const;
  return makeScheduled(content, parameters, { seed, otherFields: [bound], ...(pool === undefined ? {} : { pool }) });
}

export function makeBoundIndexed(
  content: Uint8Array,
  parts: readonly MadePart[],
  pool: FramePool,
): Promise<MadeStream> {
  const bound = { kind: 'object', nameHash: objectNameHash(`logical ${bucket}`, key) } as const;
  return makeIndexed(content, parts, { ...standard, layout: 1 }, { otherFields: [bound], pool });
}

/** A ground over a store of its own, with a bucket. */
export async function layGround(options: GroundOptions = {}): Promise<ReadingGround> {
  const pool = options.pool ?? createFramePool({ workers: 0, plainBytes: 2 ** 24, wireBytes: 2 ** 24 });
  const plain = options.store ?? (await openDirectoryStore(await temporaryDirectory(), { create: true }));
  if (options.store === undefined) onTestFinished(() => plain.close());
  await plain.createBucket(bucket, calm);
  const store = countRequests(options.decorate?.(plain) ?? plain) as CountingStore & BucketStore;
  const manifest = createMemoryManifest();
  const logicalBucket = (name: string): string => `logical ${name}`;
  const clock = (): number => Date.now() + clockAheadMs;
  const recipients = [keyFileRecipient(kek)];
  const openBook = () => openRecordBook({ records: manifest.records, recipients, access, logicalBucket, clock }, calm);
  const base = { store, pool, access, recipients, logicalBucket, clock, plaintext: 'refuse', etags: 'md5' };
  const ground = { ...base, records: await openBook(), ...options.changes } as unknown as GatewayGround;
  onTestFinished(() => {
    if (pool.plain.usedBytes + pool.wire.usedBytes > 0) throw new Error('memory of the pool was not given back');
    const { shares, heap } = readingRoom(ground);
    if (shares.readers + heap.usedBytes > 0) throw new Error('a reader did not leave');
  });
  return readingGround(ground, store, plain, pool);
}

function readingGround(
  ground: GatewayGround,
  store: CountingStore & BucketStore,
  plain: BucketStore,
  pool: FramePool,
): ReadingGround {
  const putBytes = async (bytes: Uint8Array, attributes: ObjectAttributes = {}, ofKey = key): Promise<void> => {
    await plain.put({ bucket, key: ofKey }, bytes, attributes, {}, calm);
    store.reset();
  };
  return {
    ground,
    store,
    pool,
    ask: (handler, asked = {}) => ask(ground, handler, asked),
    async put(made, { ofKey = key, record: where = 'metadata', recorded = {}, attributes = {} } = {}) {
      const record = { ...recordOf(made), ...recorded };
      const sealed = { [recordMetadataName]: ground.records.sealForMetadata({ bucket, key: ofKey }, record) };
      const metadata = { ...attributes.metadata, ...(where === 'metadata' ? sealed : {}) };
      const { etag } = await plain.put({ bucket, key: ofKey }, made.bytes, { ...attributes, metadata }, {}, calm);
      if (where === 'table') await ground.records.write({ bucket, key: ofKey, etag }, record, calm);
      store.reset();
      return record;
    },
    putBytes,
    restarted: (changes = {}) => readingGround({ ...ground, ...changes }, store, plain, pool),
  } as ReadingGround;
}

export function recordOf({ sealed, bytes, content, streamDigest }: MadeStream): ObjectRecord {
  return {
    sizeBytes: bytes.length,
    streamId: sealed.header.core.streamId,
    contentLength: content.length,
    etag: 'd41d8cd98f00b204e9800998ecf8427e',
    checksums: { CRC32C: 'AAAAAA==' },
    parameters: sealed.parameters,
    streamDigest,
    finalSalt: new Uint8Array(16),
    partCount: 0,
  };
}

async function ask(ground: GatewayGround, handler: OperationHandler, asked: Asked): Promise<Answered> {
  const { method = 'GET', query = '', signal = calm, anonymous = false } = asked;
  const { key: ofKey = key } = asked;
  const fields = Object.entries(asked.headers ?? {}) as HeaderField[];
  const headers: HeaderField[] = [['Host', 'localhost'], ...fields];
  const path = `/${bucket}/${ofKey.split('/').map(encodeURIComponent).join('/')}`;
  const request = { method, target: query === '' ? path : `${path}?${query}`, headers };
  const route = routeRequest(request);
  const call = { ground, request, route, verified: anonymous ? undefined : {}, bucket, key: ofKey };
  const answer = await handler(call as unknown as OperationCall, signal);
  return { status: answer.status, headers: headersOf(answer), bytes: await bodyOf(answer, signal) };
}

export function headersOf(answer: GatewayAnswer): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, value] of answer.headers) {
    if (name.toLowerCase() in found) throw new Error(`${name} comes twice`);
    found[name.toLowerCase()] = value;
  }
  return found;
}

/** All of a body, as a client gets it. */
export async function bodyOf({ body }: GatewayAnswer, signal: AbortSignal): Promise<Uint8Array> {
  if (body === undefined) return new Uint8Array(0);
  if (body instanceof Uint8Array) return body;
  const pieces: Uint8Array[] = [];
  const write = async (bytes: Uint8Array): Promise<void> => {
    pieces.push(new Uint8Array(bytes));
  };
  try {
    await body.send({ write }, signal);
  } finally {
    await body.close();
  }
  const bytes = Buffer.concat(pieces);
  if (bytes.length !== body.lengthBytes) throw new Error('a body is not as long as was announced');
  return bytes;
}
