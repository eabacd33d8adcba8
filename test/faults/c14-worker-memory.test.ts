import { execFile } from 'node:child_process';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, it, onTestFinished } from 'vitest';
import { keyFileRecipient } from '../../src/keys/key-file.ts';
import { openSqliteManifest } from '../../src/manifest/sqlite/open-sqlite-manifest.ts';
import { openDirectoryStore } from '../../src/objects/directory/open-directory-store.ts';
import { getObject } from '../../src/pipelines/get-object.ts';
import { type PutResult, putObject } from '../../src/pipelines/put-object.ts';
import { MemorySink } from '../../src/sinks/memory-sink.ts';
import { openFileSource } from '../../src/sources/file-source.ts';
import { randomLooking } from '../support/content.ts';
import { noteFault } from '../support/fault-log.ts';
import { moduleUrl } from '../support/run-script.ts';
import { access, calm, inlinePool, kek } from '../support/streams.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { workerFile } from '../support/worker-file.ts';

// C14: a worker thread runs out of memory in the middle of a put, in a process with little heap. A process that is
// killed as a whole for its memory is one that is killed: C01, test/e2e.

const object = { bucket: 'bucket', key: 'key' } as const;
const segmentSizeBytes = 2 ** 14;
const content = randomLooking(8 * segmentSizeBytes, 'c14');
const parts = 9; // The stream header takes some of the first segment.

const pool = inlinePool();
afterAll(() => pool.close());

/** A worker that fills its heap instead of sealing segment 5, `times` times in all. */
function hungryWorker(times: number, folder: string): Promise<URL> {
  return workerFile(`
    import { closeSync, openSync } from 'node:fs';
    import { faultyTask } from ${moduleUrl('test/support/faulty-task.ts')};
    const sound = faultyTask({ how: 'throw', afterFrames: 0, times: 0, folder: '' });
    const hoard = [];
    function isHungry() {
      for (let i = 0; i < ${times}; i++) {
        try {
          closeSync(openSync(${JSON.stringify(folder)} + '/hungry-' + i, 'wx'));
          return true;
        } catch {}
      }
      return false;
    }
    export default async function (task) {
      if (task.segmentIndex === 5 && isHungry()) for (;;) hoard.push(new Array(10_000).fill(hoard.length + 0.5));
      return sound(task);
    }
  `);
}

interface Ending {
  readonly code: string;
  readonly cause: string | undefined;
}

/** Puts in a process of its own, which outlives its workers and tells how the put ended. */
async function putWithLittleHeap(folder: string, worker: URL): Promise<Ending> {
  const script = await workerFile(`
    import { keyFileRecipient } from ${moduleUrl('src/keys/key-file.ts')};
    import { openSqliteManifest } from ${moduleUrl('src/manifest/sqlite/open-sqlite-manifest.ts')};
    import { openDirectoryStore } from ${moduleUrl('src/objects/directory/open-directory-store.ts')};
    import { putObject } from ${moduleUrl('src/pipelines/put-object.ts')};
    import { openFileSource } from ${moduleUrl('src/sources/file-source.ts')};
    import { createFramePool } from ${moduleUrl('src/workers/frame-pool.ts')};
    import { createSecretKey } from 'node:crypto';
    const kek = createSecretKey(Buffer.alloc(32, 0x6b));
    const folder = ${JSON.stringify(folder)};
    const store = await openDirectoryStore(folder + '/store', { create: true, limits: { minPartBytes: 1 } });
    const manifest = await openSqliteManifest(folder + '/manifest.db');
    await store.createBucket('bucket', new AbortController().signal);
    const pool = createFramePool({ workers: 2, plainBytes: 2 ** 22, wireBytes: 2 ** 22, workerUrl: new URL(${JSON.stringify(worker.href)}) });
    try {
      await putObject({
        recipients: [keyFileRecipient(kek)], segmentSizeBytes: ${segmentSizeBytes}, pool, store,
        source: await openFileSource(folder + '/source.bin'), object: ${JSON.stringify(object)},
        uploads: { manifest },
      });
      console.log(JSON.stringify({ code: 'done' }));
    } catch (error) {
      console.log(JSON.stringify({ code: error.code, cause: error.cause?.code }));
    }
    await pool.close();
    await manifest.close();
    await store.close();
  `);
  // By the environment: as an option of the process it would be handed to its threads, which do not take it.
  const env = { ...process.env, NODE_OPTIONS: '--max-old-space-size=64' };
  const { stdout } = await promisify(execFile)(process.execPath, [script.pathname], { env });
  return JSON.parse(stdout) as Ending;
}

/** How often a worker ran out of memory. */
async function countHungry(folder: string): Promise<number> {
  return (await readdir(folder)).filter((name) => name.startsWith('hungry-')).length;
}

async function resume(folder: string): Promise<PutResult> {
  const store = await openDirectoryStore(join(folder, 'store'), { create: false, limits: { minPartBytes: 1 } });
  onTestFinished(() => store.close());
  const manifest = await openSqliteManifest(join(folder, 'manifest.db'));
  onTestFinished(() => manifest.close());
  const source = await openFileSource(join(folder, 'source.bin'));
  const recipients = [keyFileRecipient(kek)];
  const result = await putObject(
    { recipients, segmentSizeBytes, pool, store, source, object, uploads: { manifest, access } },
    calm,
  );
  const sink = new MemorySink();
  await getObject({ store, object, sink, access: { ...access, objectName: object }, pool }, calm);
  expect(Buffer.compare(sink.bytes(), content)).toBe(0);
  return result;
}

it('C14: a worker that runs out of memory again and again ends the put, and another process resumes it', async () => {
  const folder = await temporaryDirectory();
  await writeFile(join(folder, 'source.bin'), content);
  const ending = await putWithLittleHeap(folder, await hungryWorker(3, folder));
  expect(ending).toEqual({ code: 'worker', cause: 'ERR_WORKER_OUT_OF_MEMORY' });
  const { parts: counts, resumed } = await resume(folder);
  expect(resumed).toBe(true);
  expect(counts.kept).toBeGreaterThanOrEqual(1);
  expect(counts.kept + counts.sent).toBe(parts);
  const reached = await countHungry(folder);
  expect(reached).toBe(3);
  const outcome = `the put is told, and resumed with ${counts.kept} of ${parts} parts standing`;
  noteFault({ id: 'C14', injected: 'a worker out of memory, three times over', reached, outcome });
});

it('C14: a worker that runs out of memory once costs nothing but its segment', async () => {
  const folder = await temporaryDirectory();
  await writeFile(join(folder, 'source.bin'), content);
  expect(await putWithLittleHeap(folder, await hungryWorker(1, folder))).toEqual({ code: 'done' });
  const reached = await countHungry(folder);
  noteFault({
    id: 'C14',
    injected: 'a worker out of memory, once',
    reached,
    outcome: 'its segment is sealed again',
  });
});
