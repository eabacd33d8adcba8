import { ContentCheck } from '../../s3-protocol/checksums/content-check.ts';
import { declaredIntegrity } from '../../s3-protocol/checksums/declared-integrity.ts';
import { s3Error } from '../../s3-protocol/errors/s3-error.ts';
import type { SignedPayload } from '../../s3-protocol/signature/signed-payload.ts';
import type { OperationCall } from '../operation-call.ts';

/** The most that a document may have: what is larger is no configuration. */
const mostBytes = 2 ** 20;
/** DeleteObjects may name a thousand keys, escaped. */
export const mostDeleteBytes: number = 10 * 2 ** 20;

const unsigned: SignedPayload = { kind: 'unsigned' };

/**
 * The body of a request that is a document, whole, after it was compared with what the request says of it. A document
 * is not sent in signed pieces, or with a trailer: only content is.
 *
 * @throws S3Error MaxMessageLengthExceeded, BadDigest, XAmzContentSHA256Mismatch, IncompleteBody, InvalidRequest
 */
export async function readDocument(
  { request, route, verified }: Pick<OperationCall, 'request' | 'route' | 'verified'>,
  signal: AbortSignal,
  limitBytes: number = mostBytes,
): Promise<Uint8Array> {
  const { body } = request;
  const payload = verified?.payload ?? unsigned;
  if (payload.kind === 'chunked') {
    throw s3Error('InvalidRequest', { message: 'The value of x-amz-content-sha256 header is invalid.' });
  }
  if ((body.lengthBytes ?? 0) > limitBytes) throw s3Error('MaxMessageLengthExceeded');
  const check = await ContentCheck.open(declaredIntegrity(route, payload));
  const pieces: Uint8Array[] = [];
  let sizeBytes = 0;
  for (let bytes = await body.next(signal); bytes !== undefined; bytes = await body.next(signal)) {
    sizeBytes += bytes.length;
    if (sizeBytes > limitBytes) throw s3Error('MaxMessageLengthExceeded');
    check.update(bytes);
    pieces.push(bytes);
  }
  check.finish();
  return Buffer.concat(pieces);
}
