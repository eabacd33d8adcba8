/** Where a segment stands among the parts that its store keeps. */
export interface PartPlace {
  readonly partNumber: number;
  readonly partBytes: number;
}

/**
 * Compares the parts that a store keeps of an object with the segments of its stream: segment i is part i + 1, with the
 * stream header in part 1 (docs/format.md, introduction); in an indexed stream a part holds whole segments.
 */
export class StoredParts {
  readonly #sizes: readonly number[];
  readonly #oneEach: boolean;
  #part = 0;
  #partEnd: number;
  #segments = 0;
  #difference: string | undefined;

  /** @param oneEach true in layout 0, where each segment is a part */
  constructor(sizesBytes: readonly number[], oneEach: boolean) {
    this.#sizes = sizesBytes;
    this.#oneEach = oneEach;
    this.#partEnd = sizesBytes[0] ?? 0;
  }

  get count(): number {
    return this.#sizes.length;
  }

  /** The next segment, from its first byte (segment 0 of layout 0: the stream's) to the byte after its last one. */
  accept(segmentIndex: number, start: number, end: number): PartPlace | undefined {
    while (this.#partEnd <= start && this.#part + 1 < this.#sizes.length) {
      this.#part++;
      this.#partEnd += this.#sizes[this.#part]!;
    }
    const partNumber = this.#part + 1;
    const partBytes = this.#sizes[this.#part];
    if (end > this.#partEnd) this.#differs(`segment ${segmentIndex} goes on behind the end of part ${partNumber}`);
    if (this.#oneEach) {
      if (this.#part !== this.#segments) this.#differs(`segment ${segmentIndex} stands in part ${partNumber}`);
      else if (end < this.#partEnd)
        this.#differs(`part ${partNumber} goes on behind the end of segment ${segmentIndex}`);
    }
    this.#segments++;
    return partBytes === undefined ? undefined : { partNumber, partBytes };
  }

  /** Undefined if parts and segments agree; else the first difference. To be asked after the last segment. */
  difference(): string | undefined {
    if (this.#difference === undefined && this.#part + 1 < this.#sizes.length) {
      return `there are ${this.#sizes.length} parts, and the stream ends in part ${this.#part + 1}`;
    }
    return this.#difference;
  }

  #differs(what: string): void {
    this.#difference ??= what;
  }
}
