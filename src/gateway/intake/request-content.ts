import { assert } from '../../assert.ts';
import { copyBytes } from '../../flow/copy-bytes.ts';
import { freeBytes } from '../../flow/free-bytes.ts';
import {
  type Checksum,
  type Digests,
  judgeContent,
  requiredHashes,
} from '../../s3-protocol/checksums/content-check.ts';
import {
  announcedTrailerName,
  type DeclaredIntegrity,
  declaredIntegrity,
} from '../../s3-protocol/checksums/declared-integrity.ts';
import { ChunkedDecoder } from '../../s3-protocol/chunked/chunked-decoder.ts';
import { openChunkedBody, parseDecodedLength } from '../../s3-protocol/chunked/open-chunked-body.ts';
import { s3Error } from '../../s3-protocol/errors/s3-error.ts';
import { singleHeader } from '../../s3-protocol/signature/signed-headers.ts';
import { parseSignedPayload, type SignedPayload } from '../../s3-protocol/signature/signed-payload.ts';
import type { Source } from '../../sources/source.ts';
import type { OperationCall } from '../operation-call.ts';
import { type ContentDigests, openContentDigests } from './content-digests.ts';

/** What content turned out to be, which is what the request had said. */
export interface VerifiedContent {
  /** The checksum that the client chose, to be kept and answered with. */
  readonly checksum: Checksum | undefined;
  readonly digests: Digests;
}

export interface ContentRules {
  /** The most that an object can hold, in bytes. */
  readonly largestBytes: number;
  /** True to know the content's MD5 whether the request asks for it or not. */
  readonly withMd5: boolean;
}

/** The content of a request: its body without what it was sent in, hashed by what the request says of it. */
export class RequestContent implements Source {
  readonly name = 'the body of the request';
  readonly size: number;
  readonly #call: Pick<OperationCall, 'request'>;
  readonly #declared: DeclaredIntegrity;
  readonly #decoder: ChunkedDecoder | undefined;
  readonly #digests: ContentDigests;
  /** Content that came and was not taken yet, and the chunk that it stands in. */
  #views: Uint8Array[] = [];
  #chunk: Uint8Array | undefined;

  private constructor(
    call: Pick<OperationCall, 'request'>,
    size: number,
    declared: DeclaredIntegrity,
    decoder: ChunkedDecoder | undefined,
    digests: ContentDigests,
  ) {
    this.#call = call;
    this.size = size;
    this.#declared = declared;
    this.#decoder = decoder;
    this.#digests = digests;
  }

  /**
   * Reads what the request says of its body, and nothing of the body.
   *
   * @throws S3Error MissingContentLength, EntityTooLarge, InvalidDigest, InvalidRequest, AccessDenied
   */
  static open(
    call: Pick<OperationCall, 'request' | 'route' | 'verified' | 'ground'>,
    rules: ContentRules,
  ): RequestContent {
    const { route, verified, ground } = call;
    const payload = verified?.payload ?? unsignedPayload(call);
    const size = payload.kind === 'chunked' ? parseDecodedLength(route) : call.request.body.lengthBytes;
    if (size === undefined) throw s3Error('MissingContentLength');
    if (size > rules.largestBytes) {
      throw s3Error('EntityTooLarge', { ProposedSize: size, MaxSizeAllowed: rules.largestBytes });
    }
    const declared = declaredIntegrity(route, payload);
    const algorithms = new Set(requiredHashes(declared));
    if (rules.withMd5) algorithms.add('MD5');
    const decoder = payload.kind === 'chunked' ? decoderOf(call, payload, declared) : undefined;
    return new RequestContent(call, size, declared, decoder, openContentDigests(ground.hashing, algorithms, size));
  }

  /** Has content hashed; undefined where nothing asks for it. */
  get observe(): ((content: Uint8Array) => Promise<void>) | undefined {
    return this.#digests.observe;
  }

  /** @throws S3Error IncompleteBody, SignatureDoesNotMatch, InvalidChunkSizeError, RequestTimeout; SealpartError `aborted` */
  async read(target: Uint8Array, signal: AbortSignal): Promise<number> {
    let filled = 0;
    while (filled < target.length) {
      const view = this.#views[0];
      if (view === undefined) {
        if (!(await this.#pull(signal))) throw s3Error('IncompleteBody');
        continue;
      }
      const taken = view.subarray(0, target.length - filled);
      copyBytes(taken, target, filled);
      filled += taken.length;
      if (taken.length === view.length) this.#views.shift();
      else this.#views[0] = view.subarray(taken.length);
      if (this.#views.length === 0) this.#free();
    }
    return filled;
  }

  /**
   * All content was read and observed. Reads what follows it, and compares the content with what was said of it.
   *
   * @throws S3Error BadDigest, XAmzContentSHA256Mismatch, IncompleteBody, MalformedTrailerError, InvalidRequest,
   *   SignatureDoesNotMatch; SealpartError `worker`
   */
  async verify(signal: AbortSignal): Promise<VerifiedContent> {
    assert(this.#views.length === 0, 'all content was read');
    while (this.#decoder !== undefined && (await this.#pull(signal))) {
      assert(this.#views.length === 0, 'a decoder gives no more content than was announced');
    }
    const trailers = this.#decoder?.end() ?? new Map<string, string>();
    const digests = await this.#digests.digest(signal);
    return { checksum: judgeContent(this.#declared, digests, trailers), digests };
  }

  async close(): Promise<void> {
    this.#views = [];
    this.#chunk = undefined;
    this.#digests.close();
  }

  /** Takes the next of the body. False at its end. */
  async #pull(signal: AbortSignal): Promise<boolean> {
    const chunk = await this.#call.request.body.next(signal);
    if (chunk === undefined) return false;
    this.#chunk = chunk;
    this.#views = (this.#decoder?.feed(chunk) ?? [chunk]).filter(({ length }) => length > 0);
    if (this.#views.length === 0) this.#free();
    return true;
  }

  #free(): void {
    if (this.#chunk !== undefined) freeBytes(this.#chunk);
    this.#chunk = undefined;
  }
}

/** What a request without a signature says of its body: chunks can be unsigned then, and nothing else. */
function unsignedPayload({ route }: Pick<OperationCall, 'route'>): SignedPayload {
  const payload = parseSignedPayload(singleHeader(route, 'x-amz-content-sha256'), true);
  if (payload.kind === 'chunked' && payload.signedChunks) throw s3Error('AccessDenied');
  return payload;
}

function decoderOf(
  { route, verified }: Pick<OperationCall, 'route' | 'verified'>,
  payload: Extract<SignedPayload, { kind: 'chunked' }>,
  declared: DeclaredIntegrity,
): ChunkedDecoder {
  const announced = announcedTrailerName(declared);
  if (verified !== undefined) return openChunkedBody(route, payload, verified.seed, announced);
  return new ChunkedDecoder({
    decodedLength: parseDecodedLength(route),
    trailers: payload.trailer ? { announced } : false,
  });
}
