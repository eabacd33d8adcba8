import { constants } from 'node:fs';
import { open, realpath, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { SealpartError, throwIfAborted } from '../../errors.ts';
import { makeFolder, syncFolder } from '../durable-folder.ts';
import type { Manifest } from '../manifest.ts';
import { manifestError, systemCodeOf } from '../manifest-error.ts';
import { LockFolder } from './lock-folder.ts';
import { ManifestThread } from './manifest-thread.ts';
import { SqliteManifest } from './sqlite-manifest.ts';

/** How long another process may hold the database's lock before a call gives up, in milliseconds. */
const defaultBusyLimitMs = 30_000;

export interface SqliteManifestOptions {
  /** False to open only what is there already; true unless told. Folders above it are made too, for this user alone. */
  readonly create?: boolean;
  /** Ends the opening, not the manifest. */
  readonly signal?: AbortSignal;
}

/** What only tests replace. */
export interface SqliteManifestInternals {
  readonly busyLimitMs?: number;
  readonly maxPages?: number;
  /** What the thread runs. */
  readonly workerUrl?: URL;
}

/**
 * Opens the manifest in an SQLite file, which any number of processes may have open at once. The file must be on a local
 * file system; beside it there are SQLite's own (`-wal`, `-shm`) and the folder of its locks (`-locks`).
 *
 * @throws SealpartError `not-found` if there is none and none is to be made; `manifest` if it cannot be opened, or is
 *   another program's or a newer version's file; `manifest-corrupt` if it is damaged; `aborted`.
 */
export async function openSqliteManifest(
  path: string,
  options: SqliteManifestOptions = {},
  internals: SqliteManifestInternals = {},
): Promise<Manifest> {
  const { create = true, signal = new AbortController().signal } = options;
  throwIfAborted(signal);
  const file = await realPathOf(path, create);
  const name = `sqlite:${file}`;
  const { busyLimitMs = defaultBusyLimitMs, maxPages, workerUrl } = internals;
  const limit = maxPages === undefined ? {} : { maxPages };
  const thread = new ManifestThread({ path: file, name, create, ...limit }, busyLimitMs, workerUrl);
  try {
    const isThere = await thread.call(signal, 'open');
    if (!isThere) throw noManifest(file);
    return new SqliteManifest(name, thread, new LockFolder(`${file}-locks`, name));
  } catch (error) {
    await thread.kill();
    throw manifestError(error, 'be opened', name);
  }
}

/**
 * Where the file really is, so that all who open it by different ways have the same locks beside it. It is made, empty,
 * if there is none.
 */
async function realPathOf(path: string, create: boolean): Promise<string> {
  const asGiven = resolve(path);
  try {
    if (create) await makeFile(asGiven);
    const file = await realpath(asGiven);
    // To open a FIFO that somebody planted would take for ever.
    if (!(await stat(file)).isFile()) {
      throw new SealpartError('manifest', `${file} is not a file: give the manifest another name.`);
    }
    return file;
  } catch (error) {
    if (!create && systemCodeOf(error) === 'ENOENT') throw noManifest(asGiven);
    throw manifestError(error, 'be opened', `sqlite:${asGiven}`);
  }
}

function noManifest(path: string): SealpartError {
  return new SealpartError('not-found', `There is no manifest at ${path}.`);
}

/** Makes an empty file that only its owner reads, and what is missing of the folders above it. */
async function makeFile(path: string): Promise<void> {
  await makeFolder(dirname(path));
  try {
    const handle = await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600);
    await handle.close();
  } catch (error) {
    if (systemCodeOf(error) === 'EEXIST') return;
    throw error;
  }
  await syncFolder(dirname(path));
}
