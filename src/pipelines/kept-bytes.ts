import { copyBytes } from '../flow/copy-bytes.ts';
import type { ByteSpan } from './wire-input.ts';

interface Piece extends ByteSpan {
  readonly bytes: Uint8Array;
}

/** Pieces of an object that are at hand already, by position; no two of them overlap. */
export class KeptBytes {
  readonly #pieces: Piece[] = [];

  /** Keeps what is not kept yet of these bytes. */
  add(position: number, bytes: Uint8Array): void {
    for (const { start, end } of [...this.missing({ start: position, end: position + bytes.length })]) {
      const piece = { start, end, bytes: bytes.subarray(start - position, end - position) };
      this.#pieces.splice(this.#after(start), 0, piece);
    }
  }

  /** The stretches of a span that are not kept, ascending. */
  *missing({ start, end }: ByteSpan): Generator<ByteSpan> {
    let at = start;
    for (let index = this.#after(start); at < end; index++) {
      const piece = this.#pieces[index];
      const stop = Math.min(end, piece?.start ?? end);
      if (stop > at) yield { start: at, end: stop };
      at = Math.max(stop, piece?.end ?? end);
    }
  }

  /** Copies into `target` whatever is kept of the bytes that belong there. */
  copyTo(target: Uint8Array, position: number): void {
    const end = position + target.length;
    for (let index = this.#after(position); index < this.#pieces.length; index++) {
      const piece = this.#pieces[index]!;
      if (piece.start >= end) return;
      const from = Math.max(piece.start, position);
      const to = Math.min(piece.end, end);
      copyBytes(piece.bytes.subarray(from - piece.start, to - piece.start), target, from - position);
    }
  }

  /** The first piece that ends behind a position. */
  #after(position: number): number {
    let low = 0;
    let high = this.#pieces.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#pieces[middle]!.end > position) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
