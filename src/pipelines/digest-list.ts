const digestLength = 32;

/** Segment digests in order. 32 bytes a segment is what the stream digest asks its writer and readers to remember. */
export class DigestList {
  #bytes = new Uint8Array(64 * digestLength);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** Segments finish in any order and are set by their place. */
  set(place: number, digest: Uint8Array): void {
    const end = (place + 1) * digestLength;
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(end, this.#bytes.length * 2));
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes.set(digest, place * digestLength);
    this.#count = Math.max(this.#count, place + 1);
  }

  /** All of them, one after the other. */
  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#count * digestLength);
  }
}
