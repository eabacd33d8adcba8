import { ContentCheck } from '../../s3-protocol/checksums/content-check.ts';
import { announcedTrailerName, declaredIntegrity } from '../../s3-protocol/checksums/declared-integrity.ts';
import type { ChunkedDecoder } from '../../s3-protocol/chunked/chunked-decoder.ts';
import { openChunkedBody } from '../../s3-protocol/chunked/open-chunked-body.ts';
import { s3Error } from '../../s3-protocol/errors/s3-error.ts';
import type { SignedPayload } from '../../s3-protocol/signature/signed-payload.ts';
import type { OperationCall } from '../operation-call.ts';

/** The most that a document may have: what is larger is no configuration. */
const mostBytes = 2 ** 20;
/** DeleteObjects may name a thousand keys, escaped. */
export const mostDeleteBytes: number = 10 * 2 ** 20;

const unsigned: SignedPayload = { kind: 'unsigned' };

/**
 * The body of a request that is a document, whole, after it was compared with what the request says of it.
 *
 * @throws S3Error MaxMessageLengthExceeded, BadDigest, XAmzContentSHA256Mismatch, IncompleteBody, and what a chunked
 *   body is refused for
 */
export async function readDocument(
  { request, route, verified }: Pick<OperationCall, 'request' | 'route' | 'verified'>,
  signal: AbortSignal,
  limitBytes: number = mostBytes,
): Promise<Uint8Array> {
  const { body } = request;
  if ((body.lengthBytes ?? 0) > limitBytes + chunkingBytes(limitBytes)) throw s3Error('MaxMessageLengthExceeded');
  const payload = verified?.payload ?? unsigned;
  const declared = declaredIntegrity(route, payload);
  const decoder =
    payload.kind === 'chunked' && verified !== undefined
      ? openChunkedBody(route, payload, verified.seed, announcedTrailerName(declared))
      : undefined;
  const check = await ContentCheck.open(declared);
  const pieces: Uint8Array[] = [];
  let sizeBytes = 0;
  for (let bytes = await body.next(signal); bytes !== undefined; bytes = await body.next(signal)) {
    for (const piece of decoded(decoder, bytes)) {
      sizeBytes += piece.length;
      if (sizeBytes > limitBytes) throw s3Error('MaxMessageLengthExceeded');
      check.update(piece);
      pieces.push(piece);
    }
  }
  check.finish(decoder?.end());
  return Buffer.concat(pieces);
}

function decoded(decoder: ChunkedDecoder | undefined, bytes: Uint8Array): readonly Uint8Array[] {
  return decoder === undefined ? [bytes] : decoder.feed(bytes);
}

/** What chunk headers and signatures add to a body at most, as clients cut it. */
function chunkingBytes(contentBytes: number): number {
  return 4096 + Math.ceil(contentBytes / 8192) * 128;
}
