import { join } from 'node:path';
import { keyFileIdentity, keyFileRecipient } from '../../src/keys/key-file.ts';
import { openDirectoryStore } from '../../src/objects/directory/open-directory-store.ts';
import { getObject } from '../../src/pipelines/get-object.ts';
import { putObject } from '../../src/pipelines/put-object.ts';
import { createFileSink } from '../../src/sinks/file-sink.ts';
import { openFileSource } from '../../src/sources/file-source.ts';
import type { Bench, BenchOptions, BenchReport, Figure } from './bench.ts';
import { benchKey, writeContent } from './content.ts';
import { decrypt, digestAlgs, encrypt, segmentSizeBytes } from './pipeline-side.ts';
import { runRounds } from './rounds.ts';
import { withScratch } from './scratch.ts';
import { ratioFigure, speedFigures } from './speed-figures.ts';

/** put and get on the directory store, beside encrypt and decrypt of the same content between files. */
export const storeSpeed: Bench = { name: 'store', byDefault: true, run: measure };

const signal: AbortSignal = new AbortController().signal;
const object = { bucket: 'bench', key: 'content' };

async function measure(options: BenchOptions): Promise<BenchReport> {
  const sizeBytes = options.sizeBytes ?? 2 ** 30;
  const measured = await withScratch(6 * sizeBytes, async (folder, where) => {
    const content = join(folder, 'content');
    await writeContent(content, sizeBytes);
    const figures: Figure[] = [];
    for (const digestAlg of digestAlgs) {
      options.progress(`store, digest ${digestAlg}`);
      figures.push(...(await measureDigest(digestAlg, folder, content, sizeBytes, options.rounds)));
    }
    return { figures, where };
  });
  return {
    bench: 'store',
    how:
      `putObject and getObject of ${sizeBytes / 2 ** 20} MiB on a directory store ${measured?.where ?? ''}, beside ` +
      'encryptStream and decryptStream of the same content from file to file in the same place, 2 workers that are ' +
      `started in each run. One run of each side a round, ${options.rounds} rounds after one that warms up; ratios are ` +
      'medians of the rounds, speeds and CPU time (all threads) medians of the runs.',
    figures: measured?.figures ?? [],
    notes: measured === undefined ? ['There is no room for content, stream and object.'] : [],
  };
}

async function measureDigest(
  digestAlg: 2 | 3,
  folder: string,
  content: string,
  sizeBytes: number,
  rounds: number,
): Promise<Figure[]> {
  const stream = join(folder, 'stream');
  const back = join(folder, 'back');
  const store = await openDirectoryStore(join(folder, `store-${digestAlg}`), { create: true });
  const run = { workers: 2 };
  try {
    await store.createBucket(object.bucket, signal);
    const results = await runRounds(
      {
        encrypt: async () =>
          encrypt(await openFileSource(content, signal), await createFileSink(stream), digestAlg, run),
        put: async () => {
          const source = await openFileSource(content, signal);
          const recipients = [keyFileRecipient(benchKey)];
          await putObject({ source, store, object, recipients, digestAlg, segmentSizeBytes, ...run }, signal);
        },
        decrypt: async () => decrypt(await openFileSource(stream, signal), await createFileSink(back), run),
        get: async () => {
          const access = { identities: [keyFileIdentity(benchKey)] };
          await getObject({ store, object, sink: await createFileSink(back), access, ...run }, signal);
        },
      },
      sizeBytes,
      rounds,
    );
    const digest = `digest ${digestAlg}`;
    return [
      ratioFigure(`${digest}: put to encrypt`, results.put, results.encrypt, { atLeast: 0.7 }),
      ratioFigure(`${digest}: get to decrypt`, results.get, results.decrypt, { atLeast: 0.7 }),
      ...Object.entries(results).flatMap(([name, side]) => speedFigures(`${digest}, ${name}`, side)),
    ];
  } finally {
    await store.close();
  }
}
