import type { ObjectName, ObjectStore } from '../objects/object-store.ts';
import { abandonSink } from './abandon-sink.ts';
import type { ContentRange, RangeRequest } from './content-range.ts';
import { decryptRange } from './decrypt-range.ts';
import { type DecryptRequest, type DecryptResult, decryptStream } from './decrypt-stream.ts';
import { firstReadBytes, type ObjectInput, type ObjectReadOptions, openObjectInput } from './object-input.ts';

export { exportObject } from './export-object.ts';

/**
 * The first GET of an object of which a part is read: stream header, segment header and first frame, as most streams
 * have them. Objects up to this size cost no other. Not more, since what is wanted is elsewhere most of the time: a MiB
 * takes as long as the further requests, and where traffic is paid for it costs as much as two hundred of them.
 */
export const firstRangeReadBytes: number = 4096 + 64 + 2 ** 16 + 36;

export interface GetRequest extends Omit<DecryptRequest, 'input'>, ObjectReadOptions {
  readonly store: ObjectStore;
  readonly object: ObjectName;
}

/**
 * Decrypts an object into a sink. That it may be served under its name is the caller's to ask for, in `access`.
 *
 * An object of up to 1 MiB costs one GET. Of a larger one the rest comes by GETs of about 8 MiB,
 * several at a time as far as the memory budget goes; of an indexed one the last 64 KiB come between. What is known of
 * the object is not asked for.
 *
 * @throws SealpartError as decryptStream, and what the store throws. The sink was aborted then.
 */
export async function getObject(
  request: GetRequest,
  signal: AbortSignal = new AbortController().signal,
): Promise<DecryptResult> {
  const input = await openOrAbort(request, firstReadBytes, signal);
  return decryptStream({ ...request, input }, signal);
}

/**
 * Decrypts a range of an object into a sink, by ranged GETs: one for the beginning of the object, then one for each
 * segment header and each run of frames, all at once; where the answer depends on the length, what proves it comes
 * before.
 *
 * @throws SealpartError as decryptRange, and what the store throws. The sink was aborted then.
 */
export async function getObjectRange(
  request: GetRequest & { readonly range: RangeRequest },
  signal: AbortSignal = new AbortController().signal,
): Promise<ContentRange> {
  const input = await openOrAbort(request, firstRangeReadBytes, signal);
  return decryptRange({ ...request, input, knownContentLength: request.known?.contentLength }, signal);
}

async function openOrAbort(request: GetRequest, firstBytes: number, signal: AbortSignal): Promise<ObjectInput> {
  const { store, object, sink } = request;
  try {
    return await openObjectInput(store, object, firstBytes, request, signal);
  } catch (error) {
    throw await abandonSink(sink, error);
  }
}
