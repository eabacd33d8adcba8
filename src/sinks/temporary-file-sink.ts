import { constants } from 'node:fs';
import { dirname } from 'node:path';
import { assert } from '../assert.ts';
import { SealpartError, throwIfAborted } from '../errors.ts';
import { ioError, systemCode } from '../sources/io-error.ts';
import type { FileOperations, WritableFile } from './file-operations.ts';
import { placeNewFile } from './place-new-file.ts';
import type { Sink } from './sink.ts';
import { temporaryPath } from './temporary-name.ts';

/** A write in the kernel cannot be cancelled, and the bytes are not free until it is over: so writes are kept short. */
const writeSizeBytes = 4 * 1024 * 1024;
const privateMode = 0o600;
/** Names have 32 random bits; so many taken ones in a row are no chance. */
const maxNameAttempts = 8;

/** Where the result of a file sink goes, and how. */
export interface FilePlan {
  /** What to call the target in messages: the path as it was given. */
  readonly name: string;
  /** The absolute path of the target. */
  readonly path: string;
  /** Whether a file that stands there when the result is ready is replaced. */
  readonly overwrite: boolean;
  /** Permission bits of the result. */
  readonly mode: number;
  readonly operations: FileOperations;
}

/**
 * `writing`: the content is in the temporary file. `placed`: it stands under its name, and no error takes it away
 * again. `failed`: an attempt to finish went wrong before that, and what is on the disk is not certain any more.
 */
type State = 'writing' | 'failed' | 'placed' | 'aborted';

/** Writes a file under a temporary name beside its target, and gives it its name when all of it is on the disk. */
class TemporaryFileSink implements Sink {
  readonly name: string;
  readonly irreversible = false;
  readonly #plan: FilePlan;
  readonly #temporary: string;
  readonly #file: WritableFile;
  #state: State = 'writing';
  /** Bytes that are part of the result. */
  #committed = 0;
  /** Bytes in the file, those of the open segment included. */
  #written = 0;
  /** A write that failed leaves the open segment with a hole, until it is rolled back. */
  #writeFailure: unknown;
  #open = true;
  #temporaryExists = true;

  constructor(plan: FilePlan, temporary: string, file: WritableFile) {
    this.name = plan.name;
    this.#plan = plan;
    this.#temporary = temporary;
    this.#file = file;
  }

  async writeTentative(bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    this.#expectWriting();
    if (this.#writeFailure !== undefined) throw this.#writeFailure;
    try {
      let offset = 0;
      while (offset < bytes.length) {
        throwIfAborted(signal);
        const length = Math.min(bytes.length - offset, writeSizeBytes);
        const { bytesWritten } = await this.#file.write(bytes, offset, length, this.#written);
        if (bytesWritten === 0) throw new SealpartError('io', `${this.name} took no more bytes. Check the disk.`);
        offset += bytesWritten;
        this.#written += bytesWritten;
      }
      throwIfAborted(signal);
    } catch (cause) {
      this.#writeFailure = ioError(`${this.name} could not be written`, cause);
      throw this.#writeFailure;
    }
  }

  async commitSegment(signal: AbortSignal): Promise<void> {
    this.#expectWriting();
    if (this.#writeFailure !== undefined) throw this.#writeFailure;
    throwIfAborted(signal);
    this.#committed = this.#written;
  }

  async rollbackSegment(): Promise<void> {
    this.#expectWriting();
    if (this.#written === this.#committed && this.#writeFailure === undefined) return;
    await this.#attempt(`${this.name} could not be taken back to its last segment`, () =>
      this.#file.truncate(this.#committed),
    );
    this.#written = this.#committed;
    this.#writeFailure = undefined;
  }

  async finish(signal: AbortSignal): Promise<void> {
    this.#expectWriting();
    assert(this.#written === this.#committed && this.#writeFailure === undefined, 'no segment is open at the end');
    try {
      throwIfAborted(signal);
      await this.#makeDurable();
      throwIfAborted(signal);
      await this.#place();
    } catch (error) {
      // After a failed fsync a second one may succeed without the data: there is no way on but to start over.
      this.#state = 'failed';
      throw error;
    }
    this.#state = 'placed';
    await this.#settle();
  }

  async #makeDurable(): Promise<void> {
    const deed = `${this.name} could not be brought to the disk`;
    await this.#attempt(deed, () => this.#file.chmod(this.#plan.mode));
    await this.#attempt(deed, () => this.#file.sync());
    // A directory that cannot be synchronised is better met before the old file is gone than after.
    await this.#syncDirectory(deed);
    await this.#attempt(deed, () => this.#close());
  }

  async #place(): Promise<void> {
    const { path, overwrite, operations } = this.#plan;
    if (!overwrite) {
      this.#temporaryExists = await placeNewFile(this.name, this.#temporary, path, operations);
      return;
    }
    await this.#attempt(`${this.name} could not be put in place`, () => operations.rename(this.#temporary, path));
    this.#temporaryExists = false;
  }

  /** The result stands under its name. What fails now leaves it there. */
  async #settle(): Promise<void> {
    await this.#removeTemporary(`${this.name} is complete`);
    await this.#syncDirectory(`${this.name} is complete, but a power failure may undo that: its directory`);
  }

  async abort(): Promise<void> {
    if (this.#state === 'placed') return;
    this.#state = 'aborted';
    try {
      await this.#attempt(`${this.name} could not be closed`, () => this.#close());
    } finally {
      await this.#removeTemporary(`${this.name} was not written`);
    }
  }

  /** @param before - What is to be said of the target if the file cannot be removed. */
  async #removeTemporary(before: string): Promise<void> {
    if (!this.#temporaryExists) return;
    try {
      await this.#plan.operations.unlink(this.#temporary);
    } catch (cause) {
      if (systemCode(cause) !== 'ENOENT') {
        throw ioError(`${before}, but its temporary file ${this.#temporary} is left and must be removed`, cause);
      }
    }
    this.#temporaryExists = false;
  }

  async #syncDirectory(deed: string): Promise<void> {
    await this.#attempt(deed, () => syncDirectory(dirname(this.#plan.path), this.#plan.operations));
  }

  async #close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    await this.#file.close();
  }

  async #attempt(deed: string, act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (cause) {
      throw ioError(deed, cause);
    }
  }

  #expectWriting(): void {
    assert(this.#state === 'writing', `a file sink that is ${this.#state} is not used`);
  }
}

/** Makes the names in a directory durable, where the system has that. */
async function syncDirectory(directory: string, operations: FileOperations): Promise<void> {
  // Windows opens no directories and needs no such thing.
  if (process.platform === 'win32') return;
  const handle = await operations.open(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } catch (cause) {
    const code = systemCode(cause);
    // File systems that do not know it (some over the network) say one of these.
    if (code !== 'EINVAL' && code !== 'ENOTSUP') throw cause;
  } finally {
    await handle.close();
  }
}

/** @throws SealpartError `io` if no file can be made beside the target. */
export async function createTemporaryFileSink(plan: FilePlan): Promise<Sink> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);
  for (let attempt = 1; ; attempt++) {
    const temporary = temporaryPath(plan.path);
    try {
      return new TemporaryFileSink(plan, temporary, await plan.operations.open(temporary, flags, privateMode));
    } catch (cause) {
      if (systemCode(cause) === 'EEXIST' && attempt < maxNameAttempts) continue;
      throw ioError(`No file for ${plan.name} could be made in ${dirname(plan.path)}`, cause);
    }
  }
}
