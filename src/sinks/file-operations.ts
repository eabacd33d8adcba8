import type { Stats } from 'node:fs';
import { link, lstat, open, rename, stat, unlink } from 'node:fs/promises';

/** An open file, as far as a sink needs one. */
export interface WritableFile {
  /** Writes some of the bytes, at a position or, with null, where the file stands. */
  write(
    bytes: Uint8Array,
    offset: number,
    length: number,
    position: number | null,
  ): Promise<{ readonly bytesWritten: number }>;
  truncate(length: number): Promise<void>;
  chmod(mode: number): Promise<void>;
  sync(): Promise<void>;
  stat(): Promise<Stats>;
  close(): Promise<void>;
}

/** Everything that a file sink asks of the file system: the place where tests let it fail. */
export interface FileOperations {
  open(path: string, flags: number, mode?: number): Promise<WritableFile>;
  /** Of the name itself, not of what a symbolic link leads to. */
  lstat(path: string): Promise<Stats>;
  stat(path: string): Promise<Stats>;
  rename(from: string, to: string): Promise<void>;
  link(existing: string, name: string): Promise<void>;
  unlink(path: string): Promise<void>;
}

/** The file system of this machine. */
export const systemFileOperations: FileOperations = { open, lstat, stat, rename, link, unlink };
