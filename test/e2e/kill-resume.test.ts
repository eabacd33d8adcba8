import { randomInt } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it, onTestFinished } from 'vitest';
import { randomLooking } from '../support/content.ts';
import { noteFault } from '../support/fault-log.ts';
import { startFaultProxyProcess } from '../support/fault-proxy/fault-proxy-process.ts';
import { sentParts } from '../support/fault-proxy/proxied-request.ts';
import { describeOnServers } from '../support/servers/describe-on-servers.ts';
import { makeBucket } from '../support/servers/s3-client.ts';
import {
  expectWhole,
  type KilledPut,
  type KillGround,
  killAndResume,
  makeKey,
  scratchRoot,
  timePut,
  writeSource,
} from './kill-and-resume.ts';

// An upload is killed at random moments by SIGKILL, and another process in another folder goes on with it. What was
// sent is counted by the store's catalogue or by a proxy, never by what the program under test says of itself.

const contentBytes = 256 * 2 ** 20;
/** What put has in flight with segments of 8 MiB: one for each worker, one being read, one being sent. */
const segmentsInFlight = Math.min(8, availableParallelism()) + 2;
/** `npm run endurance` kills more often. */
const kills = { directory: 6, versitygw: 6, minio: 3, rgw: 3 };

function killsOf(store: keyof typeof kills): number {
  return Number(process.env.SEALPART_KILLS ?? kills[store]);
}

function limitMs(store: keyof typeof kills): number {
  return 60_000 + killsOf(store) * 30_000;
}

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(scratchRoot, 'sealpart-kill-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await makeKey(folder);
  // Compressible content would not do, and random content takes long to make: a pattern that never repeats in a part.
  const block = randomLooking(2 ** 20, 'kill and resume');
  const content = new Uint8Array(contentBytes);
  for (let at = 0; at < contentBytes; at += block.length) {
    content.set(block, at);
    new DataView(content.buffer).setUint32(at, at);
  }
  await writeSource(folder, content);
  return folder;
}

async function killAgainAndAgain(
  killsPerStore: number,
  makeGround: (n: number) => Promise<KillGround>,
): Promise<KilledPut[]> {
  const { startMs, wholeMs } = await timePut(await makeGround(0));
  const outcomes: KilledPut[] = [];
  for (let n = 1; outcomes.filter(({ killed }) => killed).length < killsPerStore; n++) {
    expect(n, 'most puts are alive when they are killed').toBeLessThan(4 * killsPerStore);
    const ground = await makeGround(n);
    const afterMs = randomInt(Math.floor(startMs * 0.8), Math.ceil(wholeMs));
    const outcome = await killAndResume(ground, afterMs, n % 2 === 0 ? 'put' : 'uploads');
    expect(outcome.sentAgain, `killed after ${afterMs} ms`).toEqual([]);
    // A kill while the object is being completed leaves no row to compare with, and nothing that is sent again.
    if (outcome.committed.length > 0) expect(outcome.lost).toBeLessThanOrEqual(segmentsInFlight);
    await expectWhole(ground);
    outcomes.push(outcome);
  }
  return outcomes;
}

function note(store: string, outcomes: readonly KilledPut[]): void {
  const committed = outcomes.map(({ committed: { length } }) => length);
  noteFault({
    id: 'C01',
    injected: `SIGKILL at random moments of a put of 256 MiB to ${store}`,
    reached: outcomes.filter(({ killed }) => killed).length,
    outcome: `resumed with ${Math.min(...committed)} to ${Math.max(...committed)} parts standing, none of them sent again`,
  });
}

describe('C01: a put to a directory store', () => {
  it(
    `is resumed after each of ${killsOf('directory')} kills`,
    async () => {
      const folder = await newFolder();
      const outcomes = await killAgainAndAgain(killsOf('directory'), async (n) => {
        const store = join(folder, `store-${n}`);
        await rm(join(folder, `store-${n - 1}`), { recursive: true, force: true });
        const seen = new Map<number, Set<string>>();
        return {
          folder,
          source: join(folder, 'source.bin'),
          url: `dir:${store}//bucket/key`,
          storeFlags: [],
          env: {},
          sentParts: async () => {
            for (const { number, file } of partFiles(store)) {
              seen.set(number, (seen.get(number) ?? new Set()).add(file));
            }
            return new Map([...seen].map(([number, files]) => [number, files.size]));
          },
        };
      });
      note('a directory store', outcomes);
    },
    limitMs('directory'),
  );
});

/** Each part that the catalogue knows of, and the file that it stands in: one that is sent again stands in another. */
function partFiles(store: string): { number: number; file: string }[] {
  let catalogue: DatabaseSync;
  try {
    catalogue = new DatabaseSync(join(store, 'catalogue.sqlite'), { readOnly: true });
  } catch {
    return []; // The process was killed before there was a store.
  }
  try {
    return catalogue.prepare('SELECT number, file FROM parts').all() as { number: number; file: string }[];
  } finally {
    catalogue.close();
  }
}

describeOnServers('C01: a put', (server, name) => {
  it(
    `is resumed after each of ${killsOf(name)} kills`,
    async () => {
      const folder = await newFolder();
      const proxy = await startFaultProxyProcess({ upstream: server().endpoint });
      try {
        const bucket = await makeBucket(server());
        const { accessKeyId, secretAccessKey, region } = server();
        await writeFile(join(folder, 'config'), '');
        const env = {
          AWS_ACCESS_KEY_ID: accessKeyId,
          AWS_SECRET_ACCESS_KEY: secretAccessKey,
          AWS_REGION: region,
          AWS_CONFIG_FILE: join(folder, 'config'),
          AWS_SHARED_CREDENTIALS_FILE: join(folder, 'config'),
        };
        const outcomes = await killAgainAndAgain(killsOf(name), async () => {
          await proxy.clearLog();
          return {
            folder,
            source: join(folder, 'source.bin'),
            url: `s3://${bucket}/key`,
            storeFlags: ['--endpoint-url', proxy.endpoint],
            env,
            sentParts: async () =>
              new Map([...sentParts(await proxy.log())].map(([part, attempts]) => [part, attempts.length])),
          };
        });
        note(name, outcomes);
      } finally {
        await proxy.stop();
      }
    },
    limitMs(name),
  );
});
