import { s3Error } from '../errors/s3-error.ts';
import type { RawRequest } from '../signature/raw-request.ts';
import { singleHeader } from '../signature/signed-headers.ts';
import type { SignedPayload } from '../signature/signed-payload.ts';
import type { ChunkSeed } from '../signature/signing-key.ts';
import { ChunkedDecoder } from './chunked-decoder.ts';

/**
 * How many bytes of content a chunked body announces.
 *
 * @throws S3Error MissingContentLength if it does not say, or says what is no length.
 */
export function parseDecodedLength(request: Pick<RawRequest, 'headers'>): number {
  const text = singleHeader(request, 'x-amz-decoded-content-length') ?? '';
  const length = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(length)) throw s3Error('MissingContentLength');
  return length;
}

/**
 * The decoder for a request's chunked body.
 *
 * @param announcedTrailer the trailer that x-amz-trailer names, in lower case, if it names one.
 * @throws S3Error MissingContentLength.
 */
export function openChunkedBody(
  request: Pick<RawRequest, 'headers'>,
  payload: Extract<SignedPayload, { kind: 'chunked' }>,
  seed: ChunkSeed,
  announcedTrailer: string | undefined,
): ChunkedDecoder {
  return new ChunkedDecoder({
    decodedLength: parseDecodedLength(request),
    seed: payload.signedChunks ? seed : undefined,
    trailers: payload.trailer ? { announced: announcedTrailer } : false,
  });
}
