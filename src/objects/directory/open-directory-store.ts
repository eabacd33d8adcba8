import { closeSync, openSync } from 'node:fs';
import { lstat, mkdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { SealpartError } from '../../errors.ts';
import type { BucketStore } from '../bucket-store.ts';
import type { StoreLimits } from '../object-store.ts';
import { defaultBusyLimitMs } from './busy-retry.ts';
import { Catalogue } from './catalogue.ts';
import { collectOrphans } from './collect-orphans.ts';
import { DirectoryStore } from './directory-store.ts';
import { diskOperations, type FileOperations } from './file-operations.ts';
import { PartFiles } from './part-files.ts';
import { PartKeeper } from './part-keeper.ts';
import { RunningCalls } from './running-calls.ts';
import { isMissing, isPresent, storeError } from './store-error.ts';
import type { StoreOwner } from './store-ground.ts';

/** What a directory store takes unless told otherwise: what S3 takes. Sizes in bytes. */
export const defaultDirectoryStoreLimits: StoreLimits = {
  minPartBytes: 5 * 1024 * 1024,
  maxPartBytes: 5 * 1024 * 1024 * 1024,
  maxParts: 10_000,
  equalParts: false,
  conditionalPut: true,
  conditionalComplete: true,
  checksEtags: true,
  checksums: true,
};

const defaultOwner: StoreOwner = { id: 'sealpart', displayName: 'sealpart' };

export interface DirectoryStoreOptions {
  /** True to make the store, and the folders above it, if there is none. */
  readonly create: boolean;
  readonly limits?: Partial<Pick<StoreLimits, 'minPartBytes' | 'maxPartBytes' | 'maxParts'>>;
  /** Who everything in it belongs to, as it tells clients of S3; `sealpart` unless told. */
  readonly owner?: StoreOwner;
  /** Where it tells clients of S3 that its buckets are; `us-east-1` unless told. */
  readonly region?: string;
  /** Ends the opening, not the store. */
  readonly signal?: AbortSignal;
}

/** What only tests replace. */
export interface DirectoryStoreInternals {
  readonly files: FileOperations;
  /** How long another process may hold the catalogue's lock before a call fails. */
  readonly busyLimitMs: number;
}

/**
 * Opens the object store in a folder, for which any number of processes may have it open at once, and takes away what
 * processes left behind that died. The folder must be on a local file system.
 *
 * @throws SealpartError `not-found` if there is no store and none is to be made, `store` if the folder cannot be used,
 *   `aborted`.
 */
export async function openDirectoryStore(
  path: string,
  options: DirectoryStoreOptions,
  internals: Partial<DirectoryStoreInternals> = {},
): Promise<BucketStore> {
  const root = resolve(path);
  const name = `dir:${root}`;
  const { files = diskOperations, busyLimitMs = defaultBusyLimitMs } = internals;
  const signal = options.signal ?? new AbortController().signal;
  try {
    const catalogue = await openCatalogue(root, options.create, { files, busyLimitMs }, signal);
    try {
      const partFiles = new PartFiles(join(root, folderNames.data), files);
      const ground = { catalogue, partFiles, ownersFolder: join(root, folderNames.owners), files };
      await collectOrphans(ground, signal);
      const { owner = defaultOwner, region = 'us-east-1' } = options;
      const limits = { ...defaultDirectoryStoreLimits, ...options.limits };
      const [keeper, calls] = [new PartKeeper(ground), new RunningCalls(name)];
      return new DirectoryStore({ ...ground, name, limits, owner, region, keeper, calls });
    } catch (error) {
      catalogue.close();
      throw error;
    }
  } catch (error) {
    throw storeError(error, 'be opened', name);
  }
}

const catalogueName = 'catalogue.sqlite';
/** What SQLite adds to the catalogue's name for the files that it keeps beside it. */
const sqliteSuffixes = ['-wal', '-shm', '-journal'];
const folderNames = { data: 'data', owners: 'owners' };

async function openCatalogue(
  root: string,
  create: boolean,
  internals: DirectoryStoreInternals,
  signal: AbortSignal,
): Promise<Catalogue> {
  const path = join(root, catalogueName);
  const isThere = await checkKind(path, 'file');
  if (!isThere && !create) throw noStore(root);
  // SQLite would follow links in their places, and write to whatever they lead to.
  for (const suffix of sqliteSuffixes) await checkKind(path + suffix, 'file');
  // The catalogue is made last, so folders that are missing beside one were lost, and empty ones would hide that.
  if (!isThere) {
    await makeFolders(root, internals.files);
    makePrivateFile(path);
  }
  const { busyLimitMs } = internals;
  const catalogue = await Catalogue.open({ path, storeName: `dir:${root}`, busyLimitMs }, create, signal);
  if (catalogue === undefined) throw noStore(root);
  try {
    if (!isThere) await internals.files.syncFolder(root);
    for (const name of Object.values(folderNames)) {
      const folder = join(root, name);
      if (!(await checkKind(folder, 'folder'))) {
        throw new SealpartError('store', `${folder} is gone: the store was damaged, restore it from a copy.`);
      }
    }
    return catalogue;
  } catch (error) {
    catalogue.close();
    throw error;
  }
}

function noStore(root: string): SealpartError {
  return new SealpartError('not-found', `There is no object store in ${root}.`);
}

/** Makes what is missing of the store's folders, so that a loss of power does not take them away again. */
async function makeFolders(root: string, files: FileOperations): Promise<void> {
  const made = await mkdir(root, { recursive: true, mode: 0o700 });
  for (const name of Object.values(folderNames)) await makeFolder(join(root, name));
  if (made === undefined) return;
  // A new folder is safe when the one above it is synced, up to the one that was there before.
  for (let folder = root; folder !== dirname(made); folder = dirname(folder)) await files.syncFolder(dirname(folder));
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if (!isPresent(error)) throw error;
  }
}

/**
 * Makes an empty file that nobody else may read, whatever the umask says; SQLite gives what it puts beside it the same
 * mode. A file that is there already is not opened: to close it would give up the locks of others in this process.
 */
function makePrivateFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if (!isPresent(error)) throw error;
  }
}

/** False if there is nothing; throws if there is something else than the store keeps there, a symbolic link above all. */
async function checkKind(path: string, kind: 'file' | 'folder'): Promise<boolean> {
  try {
    const found = await lstat(path);
    if (kind === 'file' ? found.isFile() : found.isDirectory()) return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
  throw new SealpartError('store', `${path} is not a ${kind}, as it is in an object store: give another folder.`);
}
