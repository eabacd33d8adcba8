import { frameOverhead } from '../format/frame-header.ts';
import type { Stretch } from '../workers/messages.ts';

/**
 * A task for a worker is about so much plaintext. Measured: tasks of 1 MiB cost a tenth of the machine in messages, and
 * from 4 MiB on nothing more is gained (docs/benchmarks.md).
 */
export const batchBytes: number = 2 ** 22;

/** Consecutive DATA frames of a segment, by their places relative to the segment's payload and its frames. */
export interface BatchPlace {
  readonly firstFrame: number;
  readonly frames: number;
  /** In the payload. */
  readonly plain: Stretch;
  /** In the frames, the first of which stands at 0. */
  readonly wire: Stretch;
}

/**
 * Cuts the frames `firstFrame` up to (not including) `endFrame` of a payload into batches of whole frames.
 *
 * @param most bytes of plaintext a batch may have (a function is asked before each); a single frame may have more.
 */
export function* batchesOf(
  payloadLength: number,
  frameSizeBytes: number,
  firstFrame = 0,
  endFrame: number = Math.ceil(payloadLength / frameSizeBytes),
  most: number | (() => number) = batchBytes,
): Generator<BatchPlace> {
  for (let frame = firstFrame, frames = 0; frame < endFrame; frame += frames) {
    // §4.3: all frames are full but the last of the payload.
    frames = Math.min(
      Math.max(1, Math.floor((typeof most === 'number' ? most : most()) / frameSizeBytes)),
      endFrame - frame,
    );
    const start = frame * frameSizeBytes;
    const length = Math.min(payloadLength, start + frames * frameSizeBytes) - start;
    yield {
      firstFrame: frame,
      frames,
      plain: { offset: start, length },
      wire: { offset: frame * (frameSizeBytes + frameOverhead), length: length + frames * frameOverhead },
    };
  }
}
