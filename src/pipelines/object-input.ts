import { SealpartError } from '../errors.ts';
import { headerStartLength } from '../format/stream-header.ts';
import type { ObjectBody, ObjectHead, ObjectName, ObjectStore } from '../objects/object-store.ts';
import type { KnownObject } from './known-object.ts';
import { objectText } from './object-text.ts';
import { fillFrom, PinnedObject } from './pinned-object.ts';
import { StoredInput } from './stored-input.ts';
import type { WireInput } from './wire-input.ts';

/** The first GET of an object that is read whole: objects up to this size cost no other. */
export const firstReadBytes: number = 2 ** 20;

/**
 * GETs of one object that are under way at one time, unless told. Measured with a store 100 ms away that gives 25 MiB/s a
 * connection: one gets 18 MiB/s, four get 64, eight 114, sixteen 177. Each takes memory for its answer.
 */
export const defaultParallelReads = 8;

/** How to read an object. */
export interface ObjectReadOptions {
  /** GETs that may be under way at one time, 1 to 64; 8 unless told. The memory budget bounds them too. */
  readonly parallelReads?: number | undefined;
  /** What is known of the object already. */
  readonly known?: KnownObject | undefined;
  /** Told which version is read, as soon as the first answer says so; not of an empty object, of which there is none. */
  readonly onHead?: ((head: ObjectHead) => void) | undefined;
  /**
   * Told what each later answer says of the same version: metadata and dates of a version that was known may have
   * changed since.
   */
  readonly onAnswer?: ((head: ObjectHead) => void) | undefined;
}

/** An input whose length is known. */
export type ObjectInput = WireInput & { readonly size: number };

/**
 * Opens an object for reading in as few requests as that takes: the first GET asks for its beginning, and the answer
 * tells its length and version too. So a small object costs one request, and no byte is asked for twice.
 *
 * @param firstBytes how much the first GET asks for.
 * @throws SealpartError `bad-parameters`; `precondition` if it is not the object that is known; what the store throws
 */
export async function openObjectInput(
  store: ObjectStore,
  object: ObjectName,
  firstBytes: number,
  { parallelReads = defaultParallelReads, known, onHead, onAnswer }: ObjectReadOptions,
  signal: AbortSignal,
): Promise<ObjectInput> {
  if (!Number.isInteger(parallelReads) || parallelReads < 1 || parallelReads > 64) {
    throw new SealpartError('bad-parameters', `There can be 1 to 64 parallel reads, not ${parallelReads}.`);
  }
  if (known !== undefined) {
    const input = await knownInput(
      new PinnedObject(store, object, known.head, onAnswer),
      firstBytes,
      known,
      parallelReads,
      signal,
    );
    onHead?.(known.head);
    return input;
  }
  const body = await firstAnswer(store, object, firstBytes, signal);
  if (body === undefined) return emptyInput(object);
  try {
    const bytes = new Uint8Array(Math.min(firstBytes, body.head.sizeBytes));
    const pinned = new PinnedObject(store, object, body.head, onAnswer);
    await fillFrom(body, bytes, pinned.name, signal);
    const input = new StoredInput(pinned, { parallelReads });
    input.keep(0, bytes);
    onHead?.(body.head);
    return input;
  } finally {
    await body.close();
  }
}

async function knownInput(
  pinned: PinnedObject,
  firstBytes: number,
  { pieces = [], indexed, begun, skipsBeginning }: KnownObject,
  parallelReads: number,
  signal: AbortSignal,
): Promise<ObjectInput> {
  const input = new StoredInput(pinned, { parallelReads, endsIndexed: indexed, begun });
  for (const { position, bytes } of pieces) input.keep(position, bytes);
  // Where the header is at hand, what to read first follows from what is wanted.
  const begins = pieces.some(({ position, bytes }) => position === 0 && bytes.length >= headerStartLength);
  if (indexed !== true && skipsBeginning !== true && begun === undefined && !begins)
    await input.requests.prefetch([{ start: 0, end: Math.min(firstBytes, input.size) }], signal);
  return input;
}

/** The answer to the first GET, or undefined if the object is empty: no range of it can be had. */
async function firstAnswer(
  store: ObjectStore,
  { bucket, key }: ObjectName,
  firstBytes: number,
  signal: AbortSignal,
): Promise<ObjectBody | undefined> {
  try {
    return await store.get({ bucket, key, range: { first: 0, last: firstBytes - 1 } }, signal);
  } catch (error) {
    if (error instanceof SealpartError && error.code === 'bad-range') return undefined;
    throw error;
  }
}

function emptyInput(object: ObjectName): ObjectInput {
  return { name: objectText(object), size: 0, readAt: async () => 0, close: async () => undefined };
}
