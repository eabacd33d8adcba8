import { createSecretKey, randomBytes } from 'node:crypto';
import { openContentHashing } from '../../../src/gateway/hashing/open-content-hashing.ts';
import { openContentDigests } from '../../../src/gateway/intake/content-digests.ts';
import { keyFileRecipient } from '../../../src/keys/key-file.ts';
import { createMemoryManifest } from '../../../src/manifest/memory-manifest.ts';
import { defaultDirectoryStoreLimits } from '../../../src/objects/directory/open-directory-store.ts';
import type { ObjectStore } from '../../../src/objects/object-store.ts';
import { IntakeMemory } from '../../../src/pipelines/intake/intake-memory.ts';
import { storeContent } from '../../../src/pipelines/intake/store-content.ts';
import { createMemorySource } from '../../../src/sources/memory-source.ts';
import { createFramePool } from '../../../src/workers/frame-pool.ts';

// What taking content in costs, in CPU time of the whole process for each byte: from memory, into a store that keeps
// nothing. `node scripts/bench/gateway/intake-cost.ts [MiB] [uploads at once]`

const mib = Number(process.argv[2] ?? 256);
const atOnce = Number(process.argv[3] ?? 4);
const rounds = 3;
const signal = new AbortController().signal;

let made = 0;
const nullStore = {
  name: 'null',
  limits: defaultDirectoryStoreLimits,
  put: async () => ({ etag: `e${made++}` }),
  createMultipart: async () => ({ uploadId: `u${made++}` }),
  uploadPart: async () => ({ etag: `e${made++}` }),
  completeMultipart: async () => ({ etag: `e${made++}-2` }),
} as unknown as ObjectStore;

const pool = createFramePool({ workers: 2, plainBytes: 64 * 2 ** 20, wireBytes: 192 * 2 ** 20 });
const memory = IntakeMemory.open(pool);
const hashing = openContentHashing();
const manifest = createMemoryManifest();
const recipients = [keyFileRecipient(createSecretKey(randomBytes(32)))];

async function put(content: Uint8Array, withMd5: boolean): Promise<void> {
  const digests = openContentDigests(hashing, new Set(withMd5 ? (['MD5'] as const) : []), content.length);
  const object = { bucket: 'bench', key: `objects/${made}` };
  await storeContent(
    { pool, memory },
    {
      source: createMemorySource(content),
      store: nullStore,
      object,
      attributes: { headers: { 'content-type': 'binary/octet-stream' } },
      write: { recipients, objectName: object, context: object, digestAlg: 3 },
      uploads: { manifest },
      observe: digests.observe,
      accept: async (_facts, inner) => {
        await digests.digest(inner);
        return undefined;
      },
    },
    signal,
  );
  digests.close();
}

interface Cost {
  readonly cpuNs: number;
  readonly wallNs: number;
}

async function cost(work: () => Promise<void>): Promise<Cost> {
  const cpu = process.cpuUsage();
  const began = process.hrtime.bigint();
  await work();
  const { user, system } = process.cpuUsage(cpu);
  return { cpuNs: (user + system) * 1000, wallNs: Number(process.hrtime.bigint() - began) };
}

const content = randomBytes(mib * 2 ** 20);
for (const withMd5 of [false, true]) {
  await put(content.subarray(0, 32 * 2 ** 20), withMd5);
  for (let round = 0; round < rounds; round++) {
    const { cpuNs, wallNs } = await cost(async () => {
      await Promise.all(Array.from({ length: atOnce }, () => put(content, withMd5)));
    });
    const bytes = atOnce * content.length;
    const what = withMd5 ? 'md5   ' : 'opaque';
    const rate = ((bytes / wallNs) * 1000).toFixed(0);
    console.log(`${what} ${atOnce} x ${mib} MiB: ${(cpuNs / bytes).toFixed(2)} CPU ns/byte, ${rate} MB/s`);
  }
}

for (const [size, withMd5] of [
  [1024, true],
  [1024, false],
  [64 * 1024, true],
  [256 * 1024, true],
] as const) {
  const little = content.subarray(0, size);
  for (let i = 0; i < 500; i++) await put(little, withMd5);
  const puts = 2000;
  const { cpuNs, wallNs } = await cost(async () => {
    for (let i = 0; i < puts; i++) await put(little, withMd5);
  });
  const micros = (ns: number): string => (ns / puts / 1000).toFixed(0);
  console.log(`${size} bytes${withMd5 ? ', md5' : ''}: ${micros(cpuNs)} us CPU, ${micros(wallNs)} us wall a put`);
}
await Promise.all([pool.close(), hashing.close()]);
