import { s3Error } from '../errors/s3-error.ts';

/**
 * What a request's signature says of its body.
 *
 * | kind | what is promised |
 * |---|---|
 * | `unsigned` | nothing: the transport is trusted |
 * | `sha256` | the body has this digest (64 lower-case hex digits) |
 * | `chunked` | the body is aws-chunked: its chunks are signed or not, and a trailer with a checksum may follow |
 */
export type SignedPayload =
  | { readonly kind: 'unsigned' }
  | { readonly kind: 'sha256'; readonly sha256: string }
  | { readonly kind: 'chunked'; readonly signedChunks: boolean; readonly trailer: boolean };

const unsignedPayload = 'UNSIGNED-PAYLOAD';

const namedPayloads: ReadonlyMap<string, SignedPayload> = new Map([
  [unsignedPayload, { kind: 'unsigned' }],
  ['STREAMING-UNSIGNED-PAYLOAD-TRAILER', { kind: 'chunked', signedChunks: false, trailer: true }],
  ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD', { kind: 'chunked', signedChunks: true, trailer: false }],
  ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER', { kind: 'chunked', signedChunks: true, trailer: true }],
]);

/** Signed with keys that no client has here: the chunks could not be checked. */
const foreignPayloads = [
  'STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD',
  'STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER',
];

/** What to say to a value that is none of those that S3 knows. */
const known = [unsignedPayload, ...[...namedPayloads.keys()].slice(1), ...foreignPayloads];

/**
 * Reads x-amz-content-sha256. A presigned URL need not have it: S3 then takes the payload as unsigned.
 *
 * @throws S3Error InvalidRequest if a signed header is missing, InvalidArgument for a value that means nothing,
 * NotImplemented for chunks under another algorithm.
 */
export function parseSignedPayload(value: string | undefined, presigned: boolean): SignedPayload {
  if (value === undefined) {
    if (presigned) return { kind: 'unsigned' };
    throw s3Error('InvalidRequest', {
      message: 'Missing required header for this request: x-amz-content-sha256',
    });
  }
  const named = namedPayloads.get(value);
  if (named !== undefined) return named;
  if (/^[0-9a-fA-F]{64}$/.test(value)) return { kind: 'sha256', sha256: value.toLowerCase() };
  if (foreignPayloads.includes(value)) {
    throw s3Error('NotImplemented', { message: `The chunk encoding algorithm ${value} is not supported.` });
  }
  throw s3Error('InvalidArgument', {
    message: `x-amz-content-sha256 must be ${known.join(', ')} or a valid sha256 value.`,
    ArgumentName: 'x-amz-content-sha256',
    ArgumentValue: value,
  });
}

/** How a payload stands in a canonical request if nothing was said of it. */
export const defaultPayloadHash: string = unsignedPayload;
