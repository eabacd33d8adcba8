/** The stretch of content that a reader wants: drops what decryption yields before and behind it. */
export class ContentClip {
  readonly #first: number;
  readonly #end: number;
  #position = 0;
  #takenBytes = 0;

  /** @param end the byte after the last one that is wanted. */
  constructor(first = 0, end: number = Number.POSITIVE_INFINITY) {
    this.#first = first;
    this.#end = end;
  }

  /** Wanted bytes that were taken so far. */
  get takenBytes(): number {
    return this.#takenBytes;
  }

  /** The next content begins here. */
  moveTo(position: number): void {
    this.#position = position;
  }

  /** The wanted part of the next bytes of content. */
  take(content: Uint8Array): Uint8Array {
    const start = this.#position;
    this.#position += content.length;
    const from = Math.min(content.length, Math.max(0, this.#first - start));
    const to = Math.max(from, Math.min(content.length, this.#end - start));
    this.#takenBytes += to - from;
    return content.subarray(from, to);
  }
}
