import { createSecretKey } from 'node:crypto';
import { parseArgs } from 'node:util';
import { copyBytes } from '../../../src/flow/copy-bytes.ts';
import type { GatewayGround } from '../../../src/gateway/gateway-ground.ts';
import type { OperationCall } from '../../../src/gateway/operation-call.ts';
import { getObject } from '../../../src/gateway/operations/get-object.ts';
import { openRecordBook } from '../../../src/gateway/records/open-record-book.ts';
import { recordMetadataName } from '../../../src/gateway/records/record-book.ts';
import { keyFileIdentity, keyFileRecipient } from '../../../src/keys/key-file.ts';
import { createMemoryManifest } from '../../../src/manifest/memory-manifest.ts';
import type { BucketStore } from '../../../src/objects/bucket-store.ts';
import type { GetRequest, ObjectHead } from '../../../src/objects/object-store.ts';
import { bytesInput } from '../../../src/pipelines/bytes-input.ts';
import { encryptStream } from '../../../src/pipelines/encrypt-stream.ts';
import { openStream } from '../../../src/pipelines/open-stream.ts';
import { routeRequest } from '../../../src/s3-protocol/routes/route-request.ts';
import { MemorySink } from '../../../src/sinks/memory-sink.ts';
import { createMemorySource } from '../../../src/sources/memory-source.ts';
import { createFramePool } from '../../../src/workers/frame-pool.ts';

// What content costs on its way out of a gateway, without a network on either side: CPU of the whole process for each
// byte of large objects, and microseconds for each small one. The store is memory, the client takes and forgets.
//
//     node scripts/bench/gateway/reading-cost.ts [--size MIB] [--connections N] [--workers N] [--rounds N]

const signal = new AbortController().signal;
const kek = createSecretKey(new Uint8Array(32).fill(9));
const recipients = [keyFileRecipient(kek)];
const access = { identities: [keyFileIdentity(kek)] };
const bucket = 'bucket';

interface StoredObject {
  readonly bytes: Uint8Array;
  readonly head: ObjectHead;
}

async function sealedObject(key: string, lengthBytes: number, ground: GatewayGround): Promise<StoredObject> {
  const sink = new MemorySink();
  const source = createMemorySource(new Uint8Array(lengthBytes));
  const objectName = { bucket, key };
  const { streamDigest } = await encryptStream(
    { source, sink, recipients, objectName, digestAlg: 3, segmentSizeBytes: 2 ** 23, frameSizeBytes: 2 ** 16 },
    signal,
  );
  const bytes = new Uint8Array(sink.bytes());
  const { header } = await openStream(bytesInput(key, bytes), access, signal);
  const record = {
    sizeBytes: bytes.length,
    streamId: header.core.streamId,
    contentLength: lengthBytes,
    etag: '0'.repeat(32),
    checksums: {},
    parameters: header.core.parameters,
    streamDigest,
    finalSalt: new Uint8Array(16),
    partCount: 0,
  };
  const metadata = { [recordMetadataName]: ground.records.sealForMetadata({ bucket, key }, record) };
  const head = { etag: `${'1'.repeat(32)}`, sizeBytes: bytes.length, lastModifiedMs: 0, metadata, tags: {} };
  return { bytes, head };
}

/** Gives bytes as they come from a socket: in pieces of 64 KiB that are copied to where they belong. */
function memoryStore(objects: ReadonlyMap<string, StoredObject>): BucketStore {
  const get = async ({ key, range }: GetRequest) => {
    const { bytes, head } = objects.get(key)!;
    let at = range !== undefined && 'first' in range ? range.first : 0;
    const end = range !== undefined && 'last' in range ? Math.min(range.last + 1, bytes.length) : bytes.length;
    return {
      head,
      async read(target: Uint8Array): Promise<number> {
        const count = Math.min(target.length, end - at);
        for (let done = 0; done < count; done += 2 ** 16) {
          copyBytes(bytes.subarray(at + done, at + Math.min(count, done + 2 ** 16)), target, done);
        }
        at += count;
        return count;
      },
      close: async () => undefined,
    };
  };
  return { name: 'memory', get } as unknown as BucketStore;
}

async function groundOf(store: BucketStore, workers: number): Promise<GatewayGround> {
  const logicalBucket = (name: string): string => name;
  const { records } = createMemoryManifest();
  const book = await openRecordBook({ records, recipients, access, logicalBucket }, signal);
  const pool = createFramePool({ workers, plainBytes: 2 ** 25, wireBytes: 2 ** 26 });
  const ground = { store, records: book, pool, access, recipients, logicalBucket, clock: Date.now };
  return { ...ground, plaintext: 'refuse', etags: 'md5' } as unknown as GatewayGround;
}

async function getOnce(ground: GatewayGround, key: string): Promise<number> {
  const route = routeRequest({ method: 'GET', target: `/${bucket}/${key}`, headers: [['Host', 'localhost']] });
  const call = { ground, route, verified: {}, bucket, key } as unknown as OperationCall;
  const { body } = await getObject(call, signal);
  if (body === undefined || body instanceof Uint8Array) return body?.length ?? 0;
  let sent = 0;
  const write = async (bytes: Uint8Array): Promise<void> => {
    sent += bytes.length;
  };
  await body.send({ write }, signal);
  await body.close();
  return sent;
}

/** CPU of the process in nanoseconds, and time in milliseconds. */
async function measured(run: () => Promise<void>): Promise<{ cpuNs: number; wallMs: number }> {
  const cpu = process.cpuUsage();
  const begin = performance.now();
  await run();
  const { user, system } = process.cpuUsage(cpu);
  return { cpuNs: (user + system) * 1000, wallMs: performance.now() - begin };
}

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: '256' },
    connections: { type: 'string', default: '4' },
    workers: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '5' },
  },
});
const sizeBytes = Number(values.size) * 2 ** 20;
const connections = Number(values.connections);
const objects = new Map<string, StoredObject>();
const ground = await groundOf(memoryStore(objects), Number(values.workers));
objects.set('large', await sealedObject('large', sizeBytes, ground));
objects.set('small', await sealedObject('small', 1024, ground));
for (let round = 0; round <= Number(values.rounds); round++) {
  const large = await measured(async () => {
    const sent = await Promise.all(Array.from({ length: connections }, () => getOnce(ground, 'large')));
    if (sent.some((bytes) => bytes !== sizeBytes)) throw new Error('not all of the content was sent');
  });
  const gets = 4000;
  const small = await measured(async () => {
    for (let each = 0; each < gets; each++) await getOnce(ground, 'small');
  });
  const anew = await measured(async () => {
    // Another ground remembers nothing.
    for (let each = 0; each < gets; each++) await getOnce({ ...ground }, 'small');
  });
  // The first one warms up.
  if (round === 0) continue;
  const bytes = connections * sizeBytes;
  console.log(
    `${(large.cpuNs / bytes).toFixed(3)} ns CPU a byte, ${(bytes / large.wallMs / 1e6).toFixed(2)} GB/s; ` +
      `${(small.cpuNs / gets / 1000).toFixed(1)} us CPU a GET of 1 KiB, ` +
      `${(anew.cpuNs / gets / 1000).toFixed(1)} of one that was never read before`,
  );
}
await ground.pool.close();
