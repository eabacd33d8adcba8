import { s3Error } from '../errors/s3-error.ts';
import type { ChunkSignatures } from './chunk-signatures.ts';

const signatureName = 'x-amz-trailer-signature';

/** What follows the last chunk: the trailer that was announced, its signature if chunks are signed, an empty line. */
export class TrailerSection {
  readonly #announced: string | undefined;
  /** Undefined: trailers are not signed. */
  readonly #signatures: ChunkSignatures | undefined;
  readonly #trailers = new Map<string, string>();
  #signed = false;

  constructor(announced: string | undefined, signatures: ChunkSignatures | undefined) {
    this.#announced = announced;
    this.#signatures = signatures;
  }

  get trailers(): ReadonlyMap<string, string> {
    return this.#trailers;
  }

  /**
   * Takes a line.
   *
   * @returns true if it was the last one.
   * @throws S3Error MalformedTrailerError, IncompleteBody or SignatureDoesNotMatch.
   */
  line(text: string): boolean {
    if (text === '') return this.#end();
    const colon = text.indexOf(':');
    const name = text.slice(0, Math.max(colon, 0)).trim().toLowerCase();
    const value = text.slice(colon + 1).trim();
    if (this.#signed || text.includes('\r')) throw s3Error('IncompleteBody');
    if (name === signatureName && this.#signatures !== undefined && this.#isComplete()) {
      if (!/^[0-9a-f]{64}$/.test(value)) throw s3Error('IncompleteBody');
      this.#signatures.checkTrailers(this.#trailers, value);
      this.#signed = true;
      return false;
    }
    // A second line where the signature belongs is a signature's line that was damaged, as S3 sees it.
    if (this.#trailers.size > 0) throw s3Error('IncompleteBody');
    if (name === '' || name !== this.#announced) throw s3Error('MalformedTrailerError');
    this.#trailers.set(name, value);
    return false;
  }

  #end(): boolean {
    const signatureMissing = this.#signatures !== undefined && !this.#signed;
    if (!this.#isComplete() || signatureMissing) throw s3Error('MalformedTrailerError');
    return true;
  }

  #isComplete(): boolean {
    return this.#announced === undefined || this.#trailers.size > 0;
  }
}
