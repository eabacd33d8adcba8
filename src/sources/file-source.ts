import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { assert } from '../assert.ts';
import { SealpartError, throwIfAborted } from '../errors.ts';
import { createDescriptorSource } from './descriptor-source.ts';
import { openFifo } from './fifo.ts';
import { ioError, systemCode } from './io-error.ts';
import type { SeekableSource, Source } from './source.ts';
import { createStreamSource } from './stream-source.ts';

/** A regular file, read in order or at any position. */
export interface FileSource extends Source, SeekableSource {
  /** As it was when the file was opened. */
  readonly size: number;
  /** Its size, when it was written to last, and which file it is. */
  readonly fingerprint: string;
}

/** A read in the kernel cannot be cancelled, and the target is not free until it is over: so reads are kept short. */
const readSizeBytes = 4 * 1024 * 1024;

class FileReader implements FileSource {
  readonly name: string;
  readonly size: number;
  readonly fingerprint: string;
  readonly #handle: FileHandle;
  readonly #opened: BigIntStats;
  #position = 0;
  #closed = false;

  constructor(name: string, handle: FileHandle, opened: BigIntStats) {
    this.name = name;
    this.size = Number(opened.size);
    this.fingerprint = `size=${opened.size} mtime=${opened.mtimeNs}ns inode=${opened.ino}`;
    this.#handle = handle;
    this.#opened = opened;
  }

  async read(target: Uint8Array, signal: AbortSignal): Promise<number> {
    const filled = await this.readAt(this.#position, target, signal);
    this.#position += filled;
    return filled;
  }

  async readAt(position: number, target: Uint8Array, signal: AbortSignal): Promise<number> {
    assert(!this.#closed, 'a file source is not read after close');
    throwIfAborted(signal);
    const wanted = Math.min(target.length, Math.max(0, this.size - position));
    let filled = 0;
    while (filled < wanted) {
      const count = await this.#readSome(position + filled, target.subarray(filled, wanted));
      if (count === 0) throw this.#changed(`ended at ${position + filled} of ${this.size} bytes`);
      filled += count;
      throwIfAborted(signal);
    }
    // Whoever read the last byte is about to call the content complete.
    if (target.length > 0 && position + filled >= this.size) await this.#checkUnchanged();
    return filled;
  }

  async #readSome(position: number, target: Uint8Array): Promise<number> {
    try {
      const { bytesRead } = await this.#handle.read(target, 0, Math.min(target.length, readSizeBytes), position);
      return bytesRead;
    } catch (cause) {
      throw ioError(`${this.name} could not be read`, cause);
    }
  }

  /**
   * The open file is compared with what it was, not the path: a file that another one replaced meanwhile is still
   * whole, and is read to its end.
   */
  async #checkUnchanged(): Promise<void> {
    let now: BigIntStats;
    try {
      now = await this.#handle.stat({ bigint: true });
    } catch (cause) {
      throw ioError(`${this.name} could not be examined`, cause);
    }
    const then = this.#opened;
    if (now.size !== then.size) throw this.#changed(`went from ${then.size} to ${now.size} bytes`);
    if (now.mtimeNs !== then.mtimeNs || now.ino !== then.ino || now.dev !== then.dev) {
      throw this.#changed('was written to');
    }
  }

  #changed(what: string): SealpartError {
    const advice = 'Wait until nothing writes to it, then begin again.';
    return new SealpartError('source-changed', `${this.name} ${what} while it was read. ${advice}`);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    try {
      await this.#handle.close();
    } catch (cause) {
      throw ioError(`${this.name} could not be closed`, cause);
    }
  }
}

/** The system reports files that it makes up as they are read (below /proc) as empty. */
async function hasHiddenContent(handle: FileHandle): Promise<boolean> {
  const { bytesRead } = await handle.read(new Uint8Array(1), 0, 1, 0);
  return bytesRead > 0;
}

async function sourceOf(path: string, handle: FileHandle): Promise<Source | FileSource> {
  const opened = await handle.stat({ bigint: true });
  if (opened.isDirectory()) throw new SealpartError('io', `${path} is a directory. Give the name of a file.`);
  if (opened.isFile() && (opened.size > 0n || !(await hasHiddenContent(handle)))) {
    return new FileReader(path, handle, opened);
  }
  if (!opened.isFile() && !opened.isCharacterDevice() && !opened.isBlockDevice()) {
    throw new SealpartError('io', `${path} changed while it was opened. Run the command again.`);
  }
  return createDescriptorSource(path, {
    async read(target) {
      const { bytesRead } = await handle.read(target, 0, target.length, null);
      return bytesRead;
    },
    close: () => handle.close(),
  });
}

/**
 * Opens what stands at a path: a regular file, which can be read at any position (`isSeekable`), or a named pipe or a
 * device, which have no size and are read in order only. Symbolic links are followed.
 *
 * A regular file that grows, shrinks or is written to until its last byte was read fails with `source-changed`.
 *
 * @throws SealpartError `not-found` if nothing is there, `io` for a directory and what cannot be opened, `aborted`.
 */
export async function openFileSource(
  path: string,
  signal: AbortSignal = new AbortController().signal,
): Promise<Source | FileSource> {
  throwIfAborted(signal);
  try {
    const found = await stat(path);
    // A thread that waits in a read of a named pipe cannot be woken up again, not even to end the process.
    if (found.isFIFO()) return createStreamSource(await openFifo(path, constants.O_RDONLY), { name: path });
    const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0));
    try {
      return await sourceOf(path, handle);
    } catch (error) {
      await handle.close();
      throw error;
    }
  } catch (cause) {
    throw ioError(`${path} could not be opened`, cause, systemCode(cause) === 'ENOENT' ? 'not-found' : 'io');
  }
}

/**
 * Opens a regular file for readers that go back and forth in it.
 *
 * @throws SealpartError as openFileSource, and `not-seekable` for a named pipe or a device.
 */
export async function openSeekableFile(
  path: string,
  signal: AbortSignal = new AbortController().signal,
): Promise<FileSource> {
  const source = await openFileSource(path, signal);
  if (source instanceof FileReader) return source;
  await source.close();
  throw new SealpartError(
    'not-seekable',
    `${path} is a pipe or a device, and only a regular file can be read at any position. Copy it into a file first.`,
  );
}
