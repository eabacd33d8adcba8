/*
 * A process that works on a store and dies, or waits, where the test wants it to. It tells what it does in lines on
 * standard output, written at once: `begin NAME` and `done NAME`, `at N STEP` for each step on the disk.
 *
 *     store-worker.ts ROOT script AT SIGNAL   goes through the script, and sends itself the signal at that point; 0: never
 *     store-worker.ts ROOT loop SEED          overwrites objects for ever
 *     store-worker.ts ROOT parts COUNT KEY    uploads so many parts one after the other and completes
 *     store-worker.ts ROOT fill               puts objects until it fails, and tells the error
 */
import { writeSync } from 'node:fs';
import { diskOperations, type FileOperations } from '../../src/objects/directory/file-operations.ts';
import { openDirectoryStore } from '../../src/objects/directory/open-directory-store.ts';
import type { ObjectStore } from '../../src/objects/object-store.ts';
import { beginUpload, patternBytes, putBytes, quiet, storeParts } from '../contracts/object-store/bytes.ts';
import { script } from './crash-script.ts';
import { watchedOperations } from './watched-operations.ts';

const [root = '', mode = '', argument = '', detail = ''] = process.argv.slice(2);
const say = (line: string) => writeSync(1, `${line}\n`);

/** Sends this process a signal at the point of that number: each step's beginning is one, and a synced folder. */
function signallingOperations(signalAt: number, signal: NodeJS.Signals): FileOperations {
  let point = 0;
  const reach = (step: string) => {
    point += 1;
    say(`at ${point} ${step}`);
    if (point === signalAt) process.kill(process.pid, signal);
  };
  return watchedOperations(reach, (step) => {
    if (step === 'syncFolder') reach('synced');
  });
}

async function open(files: FileOperations = diskOperations): Promise<ObjectStore> {
  return await openDirectoryStore(root, { create: true, limits: { minPartBytes: 1 } }, { files });
}

if (mode === 'script') {
  const store = await open(signallingOperations(Number(argument), detail as NodeJS.Signals));
  for (const { name, run } of script) {
    say(`begin ${name}`);
    await run(store);
    say(`done ${name}`);
  }
  await store.close();
  say('closed');
} else if (mode === 'loop') {
  const store = await open();
  for (let seed = Number(argument); ; seed++) {
    const name = { bucket: 'bucket', key: `key-${seed % 3}` };
    say(`begin ${name.key} ${seed}`);
    if (seed % 2 === 0) {
      await putBytes(store, name, patternBytes(30_000 + seed, seed));
    } else {
      const upload = await beginUpload(store, name);
      const bytes = patternBytes(30_000 + seed, seed);
      const parts = new Map([
        [1, bytes.subarray(0, 10_000)],
        [2, bytes.subarray(10_000)],
      ]);
      await store.completeMultipart(upload, await storeParts(store, upload, parts), {}, quiet);
    }
    say(`done ${name.key} ${seed}`);
  }
} else if (mode === 'parts') {
  const store = await open();
  const upload = await beginUpload(store, { bucket: 'bucket', key: detail });
  say('begin');
  const parts = new Map(Array.from({ length: Number(argument) }, (_, i) => [i + 1, patternBytes(5000, i + 1)]));
  await store.completeMultipart(upload, await storeParts(store, upload, parts), {}, quiet);
  await store.close();
  say('done');
} else if (mode === 'fill') {
  let store: ObjectStore | undefined;
  try {
    store = await open();
    await store.createBucket('bucket', quiet);
    for (let seed = 0; ; seed++) {
      await putBytes(store, { bucket: 'bucket', key: `key-${seed}` }, patternBytes(100_000, seed));
      say(`done ${seed}`);
    }
  } catch (error) {
    say(`error ${JSON.stringify({ code: (error as { code?: string }).code, message: (error as Error).message })}`);
  }
}
