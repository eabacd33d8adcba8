import { createSecretKey, type KeyObject } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, lstat, open, unlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { SealpartError, throwIfAborted } from '../errors.ts';
import { makeFolder, syncFolder } from './durable-folder.ts';
import type { HostKeys } from './host-keys.ts';
import { manifestError, systemCodeOf } from './manifest-error.ts';
import { isStreamId } from './upload-row.ts';

const keyLength = 32;

/** 64 hexadecimal digits and the end of the line. */
const fileLength = 2 * keyLength + 1;

// Windows has neither. A FIFO that somebody planted would block the open for ever without O_NONBLOCK.
const noFollow = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/**
 * Host keys in a folder, one file an upload, which only this user may read. The folder is made when there is something
 * to be kept.
 */
export function openHostKeys(folder: string): HostKeys {
  return new HostKeyFolder(resolve(folder));
}

class HostKeyFolder implements HostKeys {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async keep(uploadId: string, key: KeyObject, signal: AbortSignal): Promise<void> {
    const path = this.#pathOf(uploadId);
    const bytes = key.export();
    if (bytes.length !== keyLength) throw new RangeError(`a host key must have 32 bytes, not ${bytes.length}`);
    try {
      throwIfAborted(signal);
      await makeFolder(this.#folder);
      await requirePrivateFolder(this.#folder);
      throwIfAborted(signal);
      // From here on it is done to the end: a key that is half there could not be told from a damaged one.
      if (!(await writeNew(path, `${bytes.toString('hex')}\n`))) await requireSame(path, key);
      await syncFolder(this.#folder);
    } catch (error) {
      throw manifestError(error, `keep the host key of upload ${uploadId}`, this.#folder);
    } finally {
      bytes.fill(0);
    }
  }

  async find(uploadId: string, signal: AbortSignal): Promise<KeyObject | undefined> {
    const path = this.#pathOf(uploadId);
    try {
      throwIfAborted(signal);
      return await readKey(path);
    } catch (error) {
      if (systemCodeOf(error) === 'ENOENT') return undefined;
      throw manifestError(error, `give the host key of upload ${uploadId}`, this.#folder);
    }
  }

  async erase(uploadId: string, signal: AbortSignal): Promise<void> {
    const path = this.#pathOf(uploadId);
    try {
      throwIfAborted(signal);
      await eraseFile(path);
      await syncFolder(this.#folder);
    } catch (error) {
      if (systemCodeOf(error) === 'ENOENT') return;
      throw manifestError(error, `erase the host key of upload ${uploadId}`, this.#folder);
    }
  }

  #pathOf(uploadId: string): string {
    if (!isStreamId(uploadId)) throw new RangeError(`uploadId must be 32 hexadecimal digits, not ${uploadId}`);
    return join(this.#folder, uploadId);
  }
}

async function requirePrivateFolder(folder: string): Promise<void> {
  const found = await lstat(folder);
  if (!found.isDirectory()) {
    throw new SealpartError('manifest', `${folder} is not a folder: give host keys another place.`);
  }
  requirePrivate(folder, found, '0700');
}

/** @throws SealpartError `manifest` if others than this user may read or change what is there. */
function requirePrivate(path: string, found: { readonly mode: number; readonly uid: number }, mode: string): void {
  // Windows keeps no such bits.
  if (process.platform === 'win32') return;
  if (found.uid !== process.geteuid?.()) {
    throw new SealpartError('manifest', `${path} is another user's: give host keys a folder of your own.`);
  }
  if ((found.mode & 0o077) !== 0) {
    const open = `${path} is open to other users (mode ${(found.mode & 0o777).toString(8)})`;
    throw new SealpartError('manifest', `${open}: find out who read it, then set its mode to ${mode}.`);
  }
}

/** False if something stands there already. What could not be written whole is erased again. */
async function writeNew(path: string, text: string): Promise<boolean> {
  let handle: FileHandle;
  try {
    handle = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | noFollow, 0o600);
  } catch (error) {
    if (systemCodeOf(error) === 'EEXIST') return false;
    throw error;
  }
  try {
    await handle.writeFile(text);
    await handle.sync();
  } catch (error) {
    await handle.close();
    await eraseFile(path);
    throw error;
  }
  await handle.close();
  return true;
}

/** A key that is kept once more is no other: an upload has one for as long as it lasts. */
async function requireSame(path: string, key: KeyObject): Promise<void> {
  const found = await readKey(path);
  if (found.equals(key)) return;
  throw new SealpartError('exists', `${path} holds another key: erase it, or begin the upload under another id.`);
}

async function readKey(path: string): Promise<KeyObject> {
  const handle = await open(path, constants.O_RDONLY | noFollow);
  try {
    const found = await handle.stat();
    if (!found.isFile()) throw new SealpartError('manifest', `${path} is not a file: find out who put it there.`);
    requirePrivate(path, found, '0600');
    const text = Buffer.alloc(fileLength + 1);
    const { bytesRead } = await handle.read(text, 0, text.length, 0);
    const digits = text.toString('latin1', 0, bytesRead);
    text.fill(0);
    if (!/^[0-9a-f]{64}\n$/.test(digits)) {
      const damaged = `${path} does not hold 64 hexadecimal digits, as a host key's file does`;
      throw new SealpartError('manifest-corrupt', `${damaged}: begin the upload anew, and erase this one.`);
    }
    const bytes = Buffer.from(digits.slice(0, 2 * keyLength), 'hex');
    const key = createSecretKey(bytes);
    bytes.fill(0);
    return key;
  } finally {
    await handle.close();
  }
}

/** Writes zeros over a key before its file goes, so that it does not stay behind in a block that was given up. */
async function eraseFile(path: string): Promise<void> {
  const handle = await open(path, constants.O_WRONLY | noFollow);
  try {
    const found = await handle.stat();
    if (!found.isFile()) throw new SealpartError('manifest', `${path} is not a file: find out who put it there.`);
    await handle.write(Buffer.alloc(Math.min(found.size, fileLength)), 0, undefined, 0);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await unlink(path);
}
