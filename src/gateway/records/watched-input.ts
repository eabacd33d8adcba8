import { equalBytes } from '../../format/bytes.ts';
import { partNumberOf } from '../../format/index-entries.ts';
import { indexSegmentIndex } from '../../format/judge-segment-header.ts';
import { readU32 } from '../../format/little-endian.ts';
import {
  parseSegmentHeader,
  type SegmentHeader,
  segmentHeaderLength,
  segmentMagic,
} from '../../format/segment-header.ts';
import type { StreamHeader } from '../../format/stream-header.ts';
import type { ObjectInput } from '../../pipelines/object-input.ts';
import { readIndexedHeader } from '../../pipelines/open-indexed-tail.ts';
import { readHeader, startsIndexed } from '../../pipelines/open-stream.ts';
import { type RequestPlanning, readUpTo } from '../../pipelines/wire-input.ts';

/** What stands at the two ends of a stream. */
export interface StreamEnds {
  readonly header: StreamHeader;
  readonly final: SegmentHeader;
  /** Different part numbers of its segments; 0 for a scheduled stream. */
  readonly partCount: number;
}

/**
 * An object that is read whole by somebody else, who verifies it, and of which the headers on the way are remembered: a
 * segment's is read by itself, and no frame begins like one.
 */
export class WatchedInput implements ObjectInput {
  readonly name: string;
  readonly size: number;
  readonly requests?: RequestPlanning;
  readonly #input: ObjectInput;
  readonly #parts = new Set<number>();
  #last = { position: -1, bytes: new Uint8Array(0) };

  constructor(input: ObjectInput) {
    this.#input = input;
    this.name = input.name;
    this.size = input.size;
    if (input.requests !== undefined) this.requests = input.requests;
  }

  async readAt(position: number, target: Uint8Array, signal: AbortSignal): Promise<number> {
    const count = await this.#input.readAt(position, target, signal);
    if (count === segmentHeaderLength && equalBytes(target.subarray(0, segmentMagic.length), segmentMagic)) {
      this.#remember(position, new Uint8Array(target.subarray(0, count)));
    }
    return count;
  }

  /**
   * Once all of it was verified: the ends, which have been read and need no request. They are what was verified, since
   * it is the bytes that came which are remembered.
   */
  async ends(signal: AbortSignal): Promise<StreamEnds> {
    if (!(await startsIndexed(this.#input, signal))) {
      const header = await readHeader(this.#input, signal);
      return { header, final: parseSegmentHeader(this.#last.bytes, 0), partCount: 0 };
    }
    const { header, places } = await readIndexedHeader(this.#input, this.size, signal);
    const { indexPosition } = places;
    // Of a short index the header came with the rest of the tail.
    const isSeen = this.#last.position === indexPosition;
    const bytes = isSeen ? this.#last.bytes : await readUpTo(this.#input, indexPosition, segmentHeaderLength, signal);
    return { header, final: parseSegmentHeader(bytes, indexSegmentIndex), partCount: this.#parts.size };
  }

  /** Left to whoever opened it, who still wants the ends. */
  async close(): Promise<void> {}

  #remember(position: number, bytes: Uint8Array<ArrayBuffer>): void {
    // Nobody has judged it yet: whoever reads will.
    const segmentIndex = readU32(bytes, 4);
    if (segmentIndex !== indexSegmentIndex) this.#parts.add(partNumberOf(segmentIndex));
    if (position >= this.#last.position) this.#last = { position, bytes };
  }
}
