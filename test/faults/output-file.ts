import { readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { decryptStream } from '../../src/pipelines/decrypt-stream.ts';
import type { FileOperations } from '../../src/sinks/file-operations.ts';
import { createFileSink } from '../../src/sinks/file-sink.ts';
import { createMemorySource } from '../../src/sources/memory-source.ts';
import type { FramePool } from '../../src/workers/frame-pool.ts';
import { randomLooking } from '../support/content.ts';
import { access, calm, type MadeStream, makeScheduled, parametersOf } from '../support/streams.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

/** What stands at a path before anything is decrypted to it. */
export const oldContent: Uint8Array = randomLooking(5000, 'what stood there before');

/** A stream of five segments. */
export function fiveSegments(): Promise<MadeStream> {
  return makeScheduled(randomLooking(70_000, 'five segments'), parametersOf());
}

/** A path in a directory of its own, where something stands or nothing. */
export async function outputPath(before: Uint8Array | undefined): Promise<string> {
  const path = join(await temporaryDirectory(), 'output');
  if (before !== undefined) await writeFile(path, before);
  return path;
}

/** What stands at a path now. */
export async function standingAt(path: string): Promise<Uint8Array | undefined> {
  if (!(await readdir(dirname(path))).includes(basename(path))) return undefined;
  return new Uint8Array(await readFile(path));
}

/** Decrypts a stream into a file, as the command line does it. */
export async function decryptTo(
  path: string,
  stream: Uint8Array,
  pool: FramePool,
  options: { readonly operations?: FileOperations; readonly keepVerifiedPrefix?: boolean } = {},
): Promise<void> {
  const { operations, keepVerifiedPrefix } = options;
  const sink = await createFileSink(path, operations === undefined ? {} : { operations }, calm);
  await decryptStream({ input: createMemorySource(stream), sink, access, pool, keepVerifiedPrefix }, calm);
}
