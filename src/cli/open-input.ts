import { randomBytes } from 'node:crypto';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { throwIfAborted } from '../errors.ts';
import { equalBytes } from '../format/bytes.ts';
import { segmentMagic } from '../format/segment-header.ts';
import { openFileSource } from '../sources/file-source.ts';
import { ioError } from '../sources/io-error.ts';
import { isSeekable } from '../sources/seekable.ts';
import type { SeekableSource, Source } from '../sources/source.ts';
import type { CliContext } from './cli-context.ts';

/** True for what the command line takes as standard input. */
export function isStandard(path: string | undefined): path is undefined | '-' {
  return path === undefined || path === '-';
}

/** The source of IN: a file, or standard input if it is `-` or left out. */
export async function openInput(path: string | undefined, { streams, signal }: CliContext): Promise<Source> {
  return isStandard(path) ? streams.openStandardInput() : openFileSource(path, signal);
}

/**
 * The source of an encrypted stream. An indexed one, which is read back and forth, is copied into a temporary file if
 * it comes through a pipe.
 */
export async function openEncryptedInput(
  path: string | undefined,
  context: CliContext,
): Promise<Source | SeekableSource> {
  const source = await openInput(path, context);
  if (isSeekable(source)) return source;
  try {
    const start = new Uint8Array(segmentMagic.length);
    const given = start.subarray(0, await source.read(start, context.signal));
    const whole = withStart(given, source);
    return equalBytes(given, segmentMagic) ? await spool(whole, context.signal) : whole;
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** The source of an encrypted stream of which a part is read: from a pipe, a temporary copy of all of it. */
export async function openSpooled(path: string | undefined, context: CliContext): Promise<SeekableSource> {
  const source = await openInput(path, context);
  if (isSeekable(source)) return source;
  try {
    return await spool(source, context.signal);
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** Runs with an input and closes it. */
export async function withInput<I extends { close(): Promise<void> }, T>(
  input: I,
  run: (input: I) => Promise<T>,
): Promise<T> {
  try {
    return await run(input);
  } finally {
    await input.close();
  }
}

/** A source whose first bytes were read already. */
function withStart(start: Uint8Array, rest: Source): Source {
  let left = start;
  return {
    name: rest.name,
    size: rest.size,
    async read(target, signal) {
      if (left.length === 0) return rest.read(target, signal);
      const first = left.subarray(0, target.length);
      target.set(first);
      left = left.subarray(first.length);
      return first.length + (await rest.read(target.subarray(first.length), signal));
    },
    close: () => rest.close(),
  };
}

const copySizeBytes = 2 ** 20;

async function spool(source: Source, signal: AbortSignal): Promise<SeekableSource> {
  const path = join(tmpdir(), `sealpart-${randomBytes(8).toString('hex')}.tmp`);
  const deed = `${source.name} could not be copied to ${tmpdir()}`;
  const file = await attempt(deed, () => open(path, 'wx+', 0o600));
  try {
    // Without a name it goes away with the process, however that ends.
    await attempt(deed, () => unlink(path));
    const buffer = new Uint8Array(copySizeBytes);
    let size = 0;
    for (let count = await source.read(buffer, signal); count > 0; count = await source.read(buffer, signal)) {
      await attempt(deed, () => writeAll(file, buffer.subarray(0, count), size));
      size += count;
    }
    await source.close();
    return spooledSource(source.name, file, size);
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, written, bytes.length - written, position + written);
    written += bytesWritten;
  }
}

function spooledSource(name: string, file: FileHandle, size: number): SeekableSource {
  let closed = false;
  return {
    name,
    size,
    async readAt(position, target, signal) {
      throwIfAborted(signal);
      let filled = 0;
      while (filled < target.length) {
        const { bytesRead } = await attempt(`The copy of ${name} could not be read`, () =>
          file.read(target, filled, target.length - filled, position + filled),
        );
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      throwIfAborted(signal);
      return filled;
    },
    async close() {
      if (closed) return;
      closed = true;
      await file.close();
    },
  };
}

async function attempt<T>(deed: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    throw ioError(deed, cause);
  }
}
