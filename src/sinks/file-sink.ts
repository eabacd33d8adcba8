import { resolve, sep } from 'node:path';
import { SealpartError, throwIfAborted } from '../errors.ts';
import { openDeviceSink, openFifoSink } from './device-sink.ts';
import { type FileOperations, systemFileOperations } from './file-operations.ts';
import { inspectTarget } from './inspect-target.ts';
import { existsError } from './place-new-file.ts';
import type { Sink } from './sink.ts';
import { createTemporaryFileSink } from './temporary-file-sink.ts';
import { readUmask } from './umask.ts';

export interface FileSinkOptions {
  /** False: a file that stands there is not replaced, not even one that appears while the content is written. */
  readonly overwrite?: boolean;
  /** Permission bits of the file; unless told those of the file that is replaced, or what the umask leaves of 0666. */
  readonly mode?: number;
  /** The file system to use. */
  readonly operations?: FileOperations;
}

const usualMode = 0o666;

/**
 * A sink for what shall stand at a path.
 *
 * A file is written under a temporary name in the same directory, readable by its owner only, and takes its name when
 * `finish` has brought all of it to the disk: whatever happens before, what stood there still stands. A device or a
 * named pipe that stands there is written to directly, and is irreversible.
 *
 * @throws SealpartError `exists` if a file stands there and must not be replaced; `not-found` if its directory does
 *   not exist; `io` for a symbolic link, a directory, or if no file can be made there; `aborted`.
 */
export async function createFileSink(
  path: string,
  options: FileSinkOptions = {},
  signal: AbortSignal = new AbortController().signal,
): Promise<Sink> {
  const { overwrite = true, mode, operations = systemFileOperations } = options;
  throwIfAborted(signal);
  if (path === '')
    throw new SealpartError('bad-parameters', 'The name of the output is empty. Give the name of a file.');
  const absolute = resolve(path);
  const target = await inspectTarget(absolute, operations);
  if (target.kind === 'device') return openDeviceSink(path, operations);
  if (target.kind === 'fifo') return openFifoSink(path, signal);
  if (path.endsWith('/') || path.endsWith(sep)) {
    throw new SealpartError('io', `${path} is the name of a directory. Give the name of a file.`);
  }
  if (target.kind === 'file' && !overwrite) throw existsError(path);
  const kept = target.kind === 'file' ? target.permissions : usualMode & ~(await readUmask());
  return createTemporaryFileSink({ name: path, path: absolute, overwrite, mode: mode ?? kept, operations });
}
