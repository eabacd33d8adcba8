import { open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SealpartError } from '../../src/errors.ts';
import { openSqliteManifest } from '../../src/manifest/sqlite/open-sqlite-manifest.ts';
import type { UploadItem } from '../../src/manifest/upload-manifest.ts';
import { randomLooking } from '../support/content.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { errorOf, type InProcessResult, runInProcess } from './cli-in-process.ts';
import { until } from './cli-process.ts';

const segmentBytes = 2 ** 23;
/** Enough for every run to be in the middle of it for a while. */
export const parts = 16;

/** A file of 16 segments, a key, a store that is not there yet, and a state folder of its own. */
export interface Ground {
  readonly directory: string;
  readonly path: (name: string) => string;
  readonly url: string;
  readonly key: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly content: () => Promise<Buffer>;
}

export async function uploadGround(): Promise<Ground> {
  const directory = await temporaryDirectory();
  const path = (name: string): string => join(directory, name);
  await writeFile(path('a.key'), `${'ab'.repeat(32)}\n`);
  await writeLarge(path('content'), 'unfinished');
  return {
    directory,
    path,
    url: `dir:${path('store')}//bucket/k`,
    key: ['--key-file', path('a.key')],
    env: { XDG_STATE_HOME: path('state') },
    content: () => readFile(path('content')),
  };
}

/** A file that has something else in each of its segments. */
export async function writeLarge(path: string, name: string): Promise<void> {
  const file = await open(path, 'w');
  for (let i = 0; i < parts; i++) await file.write(randomLooking(4096, `${name} ${i}`), 0, 4096, i * segmentBytes);
  await file.truncate((parts - 1) * segmentBytes + 12_345);
  await file.close();
}

/** What the manifest of a ground knows of: each upload, and how many parts of it are done. */
export async function uploadsOf({ path }: Ground): Promise<{ item: UploadItem; parts: number }[]> {
  const { signal } = new AbortController();
  try {
    const manifest = await openSqliteManifest(path('state/sealpart/manifest.db'), { create: false });
    try {
      const found: { item: UploadItem; parts: number }[] = [];
      for await (const item of manifest.list({}, signal)) {
        let count = 0;
        for await (const _part of manifest.parts(item.id, signal)) count++;
        found.push({ item, parts: count });
      }
      return found;
    } finally {
      await manifest.close();
    }
  } catch (error) {
    if (error instanceof SealpartError && error.code === 'not-found') return [];
    throw error;
  }
}

/** Every database that a put to a store in a folder writes to. */
export function databasesOf({ path }: Pick<Ground, 'path'>): string[] {
  return [path('state/sealpart/manifest.db'), path('store/catalogue.sqlite')];
}

/** Waits until an upload has some of its parts. */
export async function untilUnderWay(ground: Ground, least = 2): Promise<void> {
  await until(async () => (await uploadsOf(ground)).some((upload) => upload.parts >= least));
}

/** Runs a put inside of this process and stops it in the middle, as SIGINT does. */
export async function interruptedPut(ground: Ground, args: readonly string[] = []): Promise<InProcessResult> {
  const stop = new AbortController();
  const { path, url, key, env } = ground;
  const all = ['put', '--json', path('content'), url, ...key, '--workers', '0', ...args];
  const running = runInProcess(all, { env, signal: stop.signal });
  await untilUnderWay(ground);
  stop.abort(new SealpartError('aborted', 'Stopped by SIGINT: nothing.', { cause: 'SIGINT' }));
  const result = await running;
  if (result.exitCode !== 130) throw new Error(`the put was not stopped in the middle: ${errorOf(result).message}`);
  return result;
}
