import { constants } from 'node:fs';
import { type FileHandle, open, rename, unlink } from 'node:fs/promises';

/**
 * Every step by which the store changes or reads the disk besides its catalogue. Only tests give another one than
 * `diskOperations`: to stop, fail or kill between any two steps.
 */
export interface FileOperations {
  /** Makes a new file for writing; fails if anything has that name already, a link that leads nowhere included. */
  create(path: string): Promise<FileHandle>;
  /** Opens a file for reading; fails if it is a symbolic link. */
  open(path: string): Promise<FileHandle>;
  /** Appends up to all of `bytes` and resolves to how many were written. */
  write(handle: FileHandle, bytes: Uint8Array): Promise<number>;
  /** Resolves when what was written to the file will survive a loss of power. */
  sync(handle: FileHandle): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Resolves when the names in the folder will survive a loss of power. */
  syncFolder(path: string): Promise<void>;
  unlink(path: string): Promise<void>;
}

// Windows has neither. A FIFO that somebody planted would block the open for ever without O_NONBLOCK.
const readFlags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
const createFlags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);

export const diskOperations: FileOperations = {
  create: (path) => open(path, createFlags, 0o600),
  open: (path) => open(path, readFlags),
  async write(handle, bytes) {
    return (await handle.write(bytes, 0, bytes.length, null)).bytesWritten;
  },
  sync: (handle) => handle.sync(),
  rename,
  async syncFolder(path) {
    // Windows cannot sync a folder; NTFS journals its names.
    if (process.platform === 'win32') return;
    const handle = await open(path, constants.O_RDONLY);
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
  unlink,
};
