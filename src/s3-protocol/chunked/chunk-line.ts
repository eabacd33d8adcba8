import { s3Error } from '../errors/s3-error.ts';

/** More than this is no line of an aws-chunked body: a chunk's size and signature need 98 bytes, a trailer some more. */
export const longestLineBytes = 1024;

const lf = 0x0a;
const cr = 0x0d;

/** Collects a line that may come in many pieces, or in one with much else. */
export class ChunkLine {
  readonly #bytes: Buffer = Buffer.allocUnsafe(longestLineBytes);
  #length = 0;

  /**
   * Takes what belongs to the line.
   *
   * @returns how many bytes were taken; the line is complete if the last of them is a line feed.
   * @throws S3Error IncompleteBody for a line that does not end.
   */
  take(bytes: Uint8Array, at: number): number {
    const end = bytes.indexOf(lf, at);
    const taken = (end < 0 ? bytes.length : end + 1) - at;
    if (this.#length + taken > longestLineBytes) throw s3Error('IncompleteBody');
    this.#bytes.set(bytes.subarray(at, at + taken), this.#length);
    this.#length += taken;
    return taken;
  }

  get complete(): boolean {
    return this.#length > 0 && this.#bytes[this.#length - 1] === lf;
  }

  /** The complete line without its end, and whether that was CR LF; another one begins. */
  finish(): { readonly text: string; readonly crlf: boolean } {
    const crlf = this.#length >= 2 && this.#bytes[this.#length - 2] === cr;
    const text = this.#bytes.toString('latin1', 0, this.#length - (crlf ? 2 : 1));
    this.#length = 0;
    return { text, crlf };
  }
}
