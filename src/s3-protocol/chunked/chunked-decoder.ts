import { s3Error } from '../errors/s3-error.ts';
import type { ChunkSeed } from '../signature/signing-key.ts';
import { ChunkLine } from './chunk-line.ts';
import { ChunkSignatures } from './chunk-signatures.ts';
import { TrailerSection } from './trailer-section.ts';

/** How an aws-chunked body was announced. */
export interface ChunkedOptions {
  /** How many bytes of content its chunks hold together. */
  readonly decodedLength: number;
  /** Where the chain of signatures begins. Undefined: chunks are not signed. */
  readonly seed?: ChunkSeed | undefined;
  /** Whether trailers may follow the last chunk, and if one was announced, its name in lower case. */
  readonly trailers: false | { readonly announced: string | undefined };
}

/** A chunk may be smaller only if it is the last one before the empty one. */
const smallestChunkBytes = 8192;
/** What a client may ask to be kept until it can be believed. No client sends signed chunks of more than 1 MiB. */
const largestSignedChunkBytes = 16 * 1024 * 1024;

const lf = 0x0a;
const cr = 0x0d;

/** `line`: a chunk's header. `overrun`: a chunk holds more than was announced, and its next byte says what is wrong. */
type State = 'line' | 'data' | 'cr' | 'lf' | 'overrun' | 'trailers' | 'done';

/**
 * Takes an aws-chunked body apart as it comes, in pieces of any size, and copies none of its content.
 *
 * Content is given out before its chunk's signature can be checked, for the signature covers the whole chunk:
 * what `feed` gives is **not verified**. `verifiedBytes` counts what is, and only `end` says that all of it is and that
 * nothing is missing. Who stores content must be able to take it back until then.
 */
export class ChunkedDecoder {
  readonly #options: ChunkedOptions;
  readonly #signatures: ChunkSignatures | undefined;
  readonly #trailers: TrailerSection | undefined;
  readonly #line = new ChunkLine();
  #state: State = 'line';
  #halfLine: string | undefined;
  #chunks = 0;
  #chunkBytes = 0;
  #chunkLeft = 0;
  #overruns = false;
  #contentBytes = 0;
  #verifiedBytes = 0;
  #failure: unknown;

  constructor(options: ChunkedOptions) {
    this.#options = options;
    this.#signatures = options.seed === undefined ? undefined : new ChunkSignatures(options.seed);
    if (options.trailers !== false) {
      this.#trailers = new TrailerSection(options.trailers.announced, this.#signatures);
    }
  }

  /** Content bytes of chunks whose signature was right; of unsigned chunks that came whole. */
  get verifiedBytes(): number {
    return this.#verifiedBytes;
  }

  /**
   * Takes the next piece of the body.
   *
   * @returns the content in it, as views of the same memory.
   * @throws S3Error IncompleteBody, InvalidChunkSizeError, MalformedTrailerError or SignatureDoesNotMatch; then again
   * at every call, for nothing that follows can be trusted.
   */
  feed(bytes: Uint8Array): Uint8Array[] {
    return this.#guarded(() => {
      const content: Uint8Array[] = [];
      let at = 0;
      while (at < bytes.length) at += this.#step(bytes, at, content);
      return content;
    });
  }

  /**
   * The body has ended.
   *
   * @returns its trailers, names in lower case. All content is verified, as far as it was signed.
   * @throws S3Error IncompleteBody if it ended too early.
   */
  end(): ReadonlyMap<string, string> {
    return this.#guarded(() => {
      if (this.#state !== 'done') throw s3Error('IncompleteBody');
      return this.#trailers?.trailers ?? new Map();
    });
  }

  #guarded<T>(work: () => T): T {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      return work();
    } catch (error) {
      this.#failure = error;
      throw error;
    }
  }

  /** Does what the next bytes are for; returns how many of them it took. */
  #step(bytes: Uint8Array, at: number, content: Uint8Array[]): number {
    switch (this.#state) {
      case 'line':
      case 'trailers':
        return this.#takeLine(bytes, at);
      case 'data':
        return this.#takeData(bytes, at, content);
      case 'cr':
        return this.#expect(bytes[at], cr, 'lf');
      case 'lf':
        return this.#expect(bytes[at], lf, 'line');
      case 'overrun':
        // A chunk that ends sooner than it said is broken; one that goes on is more than was announced.
        throw bytes[at] === cr ? s3Error('IncompleteBody') : lengthMismatch();
      case 'done':
        throw s3Error('IncompleteBody');
    }
  }

  #expect(byte: number | undefined, expected: number, next: State): number {
    if (byte !== expected) throw s3Error('IncompleteBody');
    this.#state = next;
    return 1;
  }

  #takeLine(bytes: Uint8Array, at: number): number {
    const taken = this.#line.take(bytes, at);
    if (!this.#line.complete) return taken;
    const { text, crlf } = this.#line.finish();
    if (this.#state === 'trailers') this.#trailerLine(text, crlf);
    else if (crlf) this.#chunkHeader(text);
    else throw s3Error('IncompleteBody');
    return taken;
  }

  #takeData(bytes: Uint8Array, at: number, content: Uint8Array[]): number {
    const slice = bytes.subarray(at, at + this.#chunkLeft);
    content.push(slice);
    this.#signatures?.update(slice);
    this.#chunkLeft -= slice.length;
    this.#contentBytes += slice.length;
    if (this.#chunkLeft === 0) this.#endOfData();
    return slice.length;
  }

  #endOfData(): void {
    if (this.#overruns) {
      this.#state = 'overrun';
      return;
    }
    this.#signatures?.end();
    this.#verifiedBytes = this.#contentBytes;
    this.#state = 'cr';
  }

  #chunkHeader(text: string): void {
    const match = (this.#signatures === undefined ? unsignedHeader : signedHeader).exec(text);
    const size = Number.parseInt(match?.[1] ?? '', 16);
    if (!Number.isSafeInteger(size)) throw s3Error('IncompleteBody');
    this.#signatures?.begin(match![2]!);
    if (size === 0) {
      this.#lastChunk();
      return;
    }
    this.#checkSize(size);
    const room = this.#options.decodedLength - this.#contentBytes;
    this.#chunks++;
    this.#chunkBytes = size;
    this.#overruns = size > room;
    this.#chunkLeft = Math.min(size, room);
    this.#state = this.#chunkLeft === 0 ? 'overrun' : 'data';
  }

  #checkSize(size: number): void {
    if (this.#chunks > 0 && this.#chunkBytes < smallestChunkBytes) {
      throw s3Error('InvalidChunkSizeError', { Chunk: String(this.#chunks), BadChunkSize: String(this.#chunkBytes) });
    }
    if (this.#signatures !== undefined && size > largestSignedChunkBytes) {
      throw s3Error('InvalidChunkSizeError', {
        message: `A signed chunk is allowed to have a size of at most ${largestSignedChunkBytes} bytes`,
        Chunk: String(this.#chunks + 1),
        BadChunkSize: String(size),
      });
    }
  }

  #lastChunk(): void {
    this.#signatures?.end();
    if (this.#contentBytes !== this.#options.decodedLength) throw lengthMismatch();
    this.#state = 'trailers';
  }

  #trailerLine(text: string, crlf: boolean): void {
    if (this.#halfLine !== undefined) {
      if (text !== '' || !crlf) throw s3Error('IncompleteBody');
      const line = this.#halfLine;
      this.#halfLine = undefined;
      this.#trailer(line);
    } else if (crlf) this.#trailer(text);
    // One signer ends a trailer with LF CR LF, and S3 takes it.
    else if (text !== '') this.#halfLine = text;
    else throw s3Error('IncompleteBody');
  }

  #trailer(text: string): void {
    if (this.#trailers === undefined && text !== '') throw s3Error('IncompleteBody');
    if (this.#trailers?.line(text) ?? true) this.#state = 'done';
  }
}

const unsignedHeader = /^([0-9a-fA-F]{1,16})$/;
const signedHeader = /^([0-9a-fA-F]{1,16});chunk-signature=([0-9a-f]{64})$/;

function lengthMismatch(): Error {
  return s3Error('IncompleteBody', {
    message: 'You did not provide the number of bytes specified by the Content-Length HTTP header',
  });
}
