import { OrderedWindow } from '../flow/ordered-window.ts';
import { type ArenaLease, SharedArena } from '../flow/shared-arena.ts';
import type { ObjectName, ObjectStore } from '../objects/object-store.ts';
import type { Sink } from '../sinks/sink.ts';
import { abandonSink } from './abandon-sink.ts';
import { awaitedLater } from './awaited-later.ts';
import { firstReadBytes, type ObjectInput, type ObjectReadOptions, openObjectInput } from './object-input.ts';

/** Memory that a copy takes, for what has been asked for and not written yet. */
const copyMemoryBytes = 32 * 2 ** 20;
const pieceBytes = 4 * 2 ** 20;

interface Piece {
  readonly lease: ArenaLease;
  readonly read: Promise<unknown>;
}

/**
 * Copies an object as it is, encrypted, into a sink: one file for decrypt. Takes up to 32 MiB for what is on its way.
 *
 * @returns its length in bytes
 * @throws SealpartError what store and sink throw. The sink was aborted then.
 */
export async function exportObject(
  store: ObjectStore,
  object: ObjectName,
  sink: Sink,
  signal: AbortSignal = new AbortController().signal,
  options: ObjectReadOptions = {},
): Promise<number> {
  try {
    const input = await openObjectInput(store, object, firstReadBytes, options, signal);
    try {
      await copy(input, sink, signal);
    } finally {
      await input.close();
    }
    await sink.commitSegment(signal);
    await sink.finish(signal);
    return input.size;
  } catch (error) {
    throw await abandonSink(sink, error);
  }
}

async function copy(input: ObjectInput, sink: Sink, signal: AbortSignal): Promise<void> {
  input.requests?.planReads([{ start: 0, end: input.size }]);
  const arena = new SharedArena(Math.min(copyMemoryBytes, input.size));
  const window = new OrderedWindow<Piece>(copyMemoryBytes / pieceBytes);
  const stop = new AbortController();
  const inner = AbortSignal.any([signal, stop.signal]);
  const asking = awaitedLater(askForPieces(input, arena, window, inner));
  try {
    for (let piece = await window.take(inner); piece !== undefined; piece = await window.take(inner)) {
      await piece.read;
      await sink.writeTentative(piece.lease.bytes, inner);
      piece.lease.release();
    }
    await asking;
  } catch (error) {
    stop.abort(error);
    throw error;
  } finally {
    await Promise.allSettled([asking]);
    await Promise.allSettled(window.drain().map(({ read }) => read));
  }
}

/** Asks for the object piece by piece, as far ahead as there is memory. */
async function askForPieces(
  input: ObjectInput,
  arena: SharedArena,
  window: OrderedWindow<Piece>,
  signal: AbortSignal,
): Promise<void> {
  try {
    for (let position = 0; position < input.size; position += pieceBytes) {
      const lease = await arena.lease(Math.min(pieceBytes, input.size - position), signal);
      const read = awaitedLater(input.readAt(position, lease.bytes, signal));
      try {
        await window.push({ lease, read }, signal);
      } catch (error) {
        await Promise.allSettled([read]);
        throw error;
      }
    }
  } finally {
    window.end();
  }
}
