import { SealpartError } from '../errors.ts';
import type { ObjectName, ObjectStore } from '../objects/object-store.ts';
import type { Sink } from '../sinks/sink.ts';
import { abandonSink } from './abandon-sink.ts';
import type { ContentRange, RangeRequest } from './content-range.ts';
import { decryptRange } from './decrypt-range.ts';
import { type DecryptRequest, type DecryptResult, decryptStream } from './decrypt-stream.ts';
import { objectRangeSource, objectSource } from './object-source.ts';
import { startsIndexed } from './open-stream.ts';

export interface GetRequest extends Omit<DecryptRequest, 'input'> {
  readonly store: ObjectStore;
  readonly object: ObjectName;
}

/**
 * Decrypts an object into a sink. That it may be served under its name is the caller's to ask for, in `access`.
 *
 * @throws SealpartError as decryptStream, and what the store throws. The sink was aborted then.
 */
export async function getObject(
  request: GetRequest,
  signal: AbortSignal = new AbortController().signal,
): Promise<DecryptResult> {
  const { store, object, sink } = request;
  const head = await orAbort(sink, () => store.head(object, signal));
  const seekable = objectRangeSource(store, object, head);
  const indexed = await orAbort(sink, () => startsIndexed(seekable, signal));
  return decryptStream({ ...request, input: indexed ? seekable : objectSource(store, object, head) }, signal);
}

/** Decrypts a range of an object into a sink, by ranged reads. */
export async function getObjectRange(
  request: GetRequest & { readonly range: RangeRequest },
  signal: AbortSignal = new AbortController().signal,
): Promise<ContentRange> {
  const { store, object, sink } = request;
  const head = await orAbort(sink, () => store.head(object, signal));
  return decryptRange({ ...request, input: objectRangeSource(store, object, head) }, signal);
}

/**
 * Copies an object as it is, encrypted, into a sink: one file for decrypt.
 *
 * @returns its length in bytes
 */
export async function exportObject(
  store: ObjectStore,
  object: ObjectName,
  sink: Sink,
  signal: AbortSignal = new AbortController().signal,
): Promise<number> {
  const buffer = new Uint8Array(2 ** 20);
  return orAbort(sink, async () => {
    const head = await store.head(object, signal);
    const source = objectSource(store, object, head);
    try {
      let copied = 0;
      for (let count = await source.read(buffer, signal); count > 0; count = await source.read(buffer, signal)) {
        await sink.writeTentative(buffer.subarray(0, count), signal);
        copied += count;
      }
      if (copied !== head.sizeBytes)
        throw new SealpartError('store', `${source.name} ended before the length its store had named.`);
      await sink.commitSegment(signal);
      await sink.finish(signal);
      return copied;
    } finally {
      await source.close();
    }
  });
}

async function orAbort<T>(sink: Sink, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    throw await abandonSink(sink, error);
  }
}
