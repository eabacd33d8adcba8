import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import { openSqliteManifest } from '../../src/manifest/sqlite/open-sqlite-manifest.ts';
import { runProcess, startCli, succeed } from '../cli/cli-process.ts';
import { calm } from '../support/streams.ts';

/** An upload by the command line, and what is needed to look at it from outside. */
export interface KillGround {
  /** Where keys, manifest and source are. */
  readonly folder: string;
  readonly source: string;
  readonly url: string;
  /** Flags and environment that name the store. */
  readonly storeFlags: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** What was sent of each part so far, told by something else than the process under test. */
  readonly sentParts: () => Promise<ReadonlyMap<number, number>>;
}

export interface KilledPut {
  readonly killed: boolean;
  /** Parts that were committed when the process was gone. */
  readonly committed: readonly number[];
  /** Parts that were sent more often than once, over both runs. */
  readonly sentAgain: readonly number[];
  /** Parts of which something had been sent, and which were not committed: the bytes that a kill costs. */
  readonly lost: number;
  readonly parts: number;
}

export async function makeKey(folder: string): Promise<string> {
  const path = join(folder, 'key');
  await succeed(['keygen', '-o', path]);
  return path;
}

function putFlags({ folder, source, url, storeFlags }: KillGround): string[] {
  const manifest = `sqlite:${join(folder, 'manifest.db')}`;
  return ['put', '--key-file', join(folder, 'key'), '--manifest', manifest, ...storeFlags, source, url];
}

/** How long an undisturbed put takes, from the first byte it sends to its end. */
export async function timePut(ground: KillGround): Promise<{ startMs: number; wholeMs: number }> {
  const start = performance.now();
  const { child, ended } = startCli(putFlags(ground), { env: ground.env });
  let startMs = 0;
  child.stderr!.once('data', () => {
    startMs = performance.now() - start;
  });
  const { exitCode, stderr } = await ended;
  expect(exitCode, stderr).toBe(0);
  return { startMs, wholeMs: performance.now() - start };
}

/**
 * Kills a put after so long, resumes it from another process in another folder, and counts what was sent.
 *
 * @param resumeBy `put`: the same command again; `uploads`: `uploads resume` with the upload's id
 */
export async function killAndResume(
  ground: KillGround,
  afterMs: number,
  resumeBy: 'put' | 'uploads',
): Promise<KilledPut> {
  const { child, ended } = startCli(putFlags(ground), { env: ground.env });
  await delay(afterMs);
  child.kill('SIGKILL');
  const { killedBy } = await ended;
  const before = await ground.sentParts();
  const { id, committed } = await committedParts(ground);
  const elsewhere = join(ground.folder, 'elsewhere');
  await mkdir(elsewhere, { recursive: true });
  const manifest = `sqlite:${join(ground.folder, 'manifest.db')}`;
  const again =
    resumeBy === 'put' || id === undefined
      ? putFlags(ground)
      : [
          'uploads',
          'resume',
          '--key-file',
          join(ground.folder, 'key'),
          '--manifest',
          manifest,
          ...ground.storeFlags,
          id,
        ];
  const { exitCode, stderr } = await runProcess(again, { env: ground.env, cwd: elsewhere });
  expect(exitCode, `${again.join(' ')}: ${stderr}`).toBe(0);
  const after = await ground.sentParts();
  const inThisRun = [...after].map(([part, count]) => [part, count - (before.get(part) ?? 0)] as const);
  const sentAgain = inThisRun.filter(([part, count]) => count > 0 && committed.includes(part)).map(([part]) => part);
  const lost = [...before.keys()].filter((part) => !committed.includes(part)).length;
  return { killed: killedBy === 'SIGKILL', committed, sentAgain, lost, parts: after.size };
}

/** The newest upload that the manifest has, and the parts that it calls committed. */
async function committedParts({ folder }: KillGround): Promise<{ id: string | undefined; committed: number[] }> {
  const manifest = await openSqliteManifest(join(folder, 'manifest.db'));
  try {
    let id: string | undefined;
    const committed: number[] = [];
    for await (const item of manifest.list({}, calm))
      if (item.state === 'open' || item.state === 'completing') id = item.id;
    if (id !== undefined) for await (const part of manifest.parts(id, calm)) committed.push(part.partNumber);
    return { id, committed };
  } finally {
    await manifest.close();
  }
}

/** Fetches the object and compares it with the source. */
export async function expectWhole({ folder, source, url, storeFlags, env }: KillGround): Promise<void> {
  const out = join(folder, 'out');
  await succeed(['get', '--key-file', join(folder, 'key'), ...storeFlags, url, out], { env });
  const { exitCode } = await runProcess([], { shell: `cmp '${source}' '${out}'` });
  expect(exitCode).toBe(0);
}

/** The names of all files below a folder: a directory store names files at random and never renames them. */
export async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

export async function writeSource(folder: string, content: Uint8Array): Promise<string> {
  const path = join(folder, 'source.bin');
  await writeFile(path, content);
  return path;
}

/** Memory where there is some: what is tested is not the disk. */
export const scratchRoot: string = process.platform === 'linux' ? '/dev/shm' : tmpdir();
