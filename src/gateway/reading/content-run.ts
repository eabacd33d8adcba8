import { SealpartError } from '../../errors.ts';
import { ArenaShare, type MemoryShare } from '../../pipelines/arena-share.ts';
import { decryptRange } from '../../pipelines/decrypt-range.ts';
import { decryptStream } from '../../pipelines/decrypt-stream.ts';
import type { ObjectInput } from '../../pipelines/object-input.ts';
import type { OpenedStream } from '../../pipelines/opened-stream.ts';
import type { ByteRange } from '../../s3-protocol/conditions/byte-range.ts';
import type { Sink } from '../../sinks/sink.ts';
import type { GatewayGround } from '../gateway-ground.ts';
import type { ObjectVersion } from './object-version.ts';
import { readingRoom } from './reading-room.ts';
import { StreamedContent } from './streamed-content.ts';

/** What is read, from an input that was opened for it and is closed at the end. */
export interface ContentSource {
  readonly name: ObjectVersion;
  /** The store's ETag and length of the object. */
  readonly state: { readonly etag: string; readonly sizeBytes: number };
  readonly input: ObjectInput;
  /** Undefined for an object that is no stream. */
  readonly opened: OpenedStream | undefined;
  /** Of the content, authenticated. */
  readonly sizeBytes: number;
}

/**
 * Begins to read content: all of it with everything that proves it, or a range.
 *
 * @param onLeave called when the input was let go of.
 * @throws S3Error SlowDown; the input was not touched then
 */
export function streamContent(
  ground: GatewayGround,
  source: ContentSource,
  range: ByteRange | undefined,
  onLeave: () => void,
): StreamedContent {
  const { cache, shares } = readingRoom(ground);
  const { name, state, input, opened, sizeBytes } = source;
  const { pool, access } = ground;
  const lengthBytes = range === undefined ? sizeBytes : range.last - range.first + 1;
  const { share, leave } = shares.enter(lengthBytes);
  const common = { input, access, pool, share };
  const run = (sink: Sink, signal: AbortSignal): Promise<unknown> => {
    if (opened === undefined) {
      return copyPlain(ground, { input, share }, range ?? { first: 0, last: sizeBytes - 1 }, sink, signal);
    }
    if (range === undefined) return decryptStream({ ...common, opened, sink }, signal);
    const onSegmentHeader = (position: number, bytes: Uint8Array): void =>
      cache.keepSegmentHeader(name, state, position, bytes);
    return decryptRange({ ...common, opened, sink, range, knownContentLength: sizeBytes, onSegmentHeader }, signal);
  };
  return new StreamedContent(lengthBytes, run, () => {
    leave();
    onLeave();
  });
}

/** Passes bytes on as they are stored: plaintext, which stands in plain memory only. */
async function copyPlain(
  { pool }: GatewayGround,
  { input, share }: { readonly input: ObjectInput; readonly share: MemoryShare },
  { first, last }: ByteRange,
  sink: Sink,
  signal: AbortSignal,
): Promise<void> {
  const memory = new ArenaShare(pool.plain, () => share.plainBytes, share.plainGate);
  try {
    input.requests?.planReads([{ start: first, end: last + 1 }]);
    for (let at = first; at <= last; ) {
      const lease = await memory.lease(Math.min(share.batchBytes ?? last + 1 - at, last + 1 - at), signal);
      try {
        const count = await input.readAt(at, lease.bytes, signal);
        if (count < lease.length) {
          throw new SealpartError('store', `${input.name} ended before the length its store had named: read it again.`);
        }
        await sink.writeTentative(lease.bytes, signal);
        at += count;
      } finally {
        lease.release();
      }
    }
    await sink.finish(signal);
  } finally {
    await input.close();
  }
}
