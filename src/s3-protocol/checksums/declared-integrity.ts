import { s3Error } from '../errors/s3-error.ts';
import type { HeaderField, RawRequest } from '../signature/raw-request.ts';
import { singleHeader } from '../signature/signed-headers.ts';
import type { SignedPayload } from '../signature/signed-payload.ts';
import {
  algorithmOfHeader,
  type ChecksumAlgorithm,
  carriesChecksum,
  checksumAlgorithm,
  checksumAlgorithms,
  checksumHeader,
  parseBase64,
  parseChecksum,
} from './algorithm.ts';

/** What a request says that its content hashes to, and by what. */
export interface DeclaredIntegrity {
  /** The checksum that the client chose: its value from a header, or undefined if a trailer will bring it. */
  readonly checksum?: { readonly algorithm: ChecksumAlgorithm; readonly value: Uint8Array | undefined } | undefined;
  /** Content-MD5, 16 bytes. */
  readonly contentMd5?: Uint8Array | undefined;
  /** The signed SHA-256 of the payload, in hex. */
  readonly payloadSha256?: string | undefined;
}

type Headers = Pick<RawRequest, 'headers'>;

/**
 * Reads Content-MD5, x-amz-checksum-*, x-amz-sdk-checksum-algorithm and x-amz-trailer, and checks that they agree.
 *
 * @param payload what the signature says of the body: a trailer can come in a chunked body only.
 * @throws S3Error InvalidDigest or InvalidRequest.
 */
export function declaredIntegrity(request: Headers, payload: SignedPayload): DeclaredIntegrity {
  const header = checksumInHeader(request);
  const trailer = announcedTrailer(request, payload);
  if (header !== undefined && trailer !== undefined) throw severalChecksums();
  const algorithm = header?.algorithm ?? trailer;
  checkNamedAlgorithm(request, algorithm);
  return {
    checksum: algorithm === undefined ? undefined : { algorithm, value: header && checkedValue(header) },
    contentMd5: contentMd5(request),
    payloadSha256: payload.kind === 'sha256' ? payload.sha256 : undefined,
  };
}

/** The name of the trailer that is to come, in lower case, for the decoder of a chunked body. */
export function announcedTrailerName({ checksum }: DeclaredIntegrity): string | undefined {
  return checksum === undefined || checksum.value !== undefined ? undefined : checksumHeader(checksum.algorithm);
}

/** The error for a value that is no checksum. */
export function invalidChecksumValue(header: string): Error {
  return s3Error('InvalidRequest', { message: `Value for ${header} header is invalid.` });
}

interface HeaderChecksum {
  readonly algorithm: ChecksumAlgorithm;
  readonly text: string;
}

function checksumInHeader({ headers }: Headers): HeaderChecksum | undefined {
  const found: HeaderField[] = headers
    .map(([name, value]) => [name.toLowerCase(), value] as const)
    .filter(([name]) => carriesChecksum(name));
  const algorithms = found.map(([name]) => algorithmOfHeader(name));
  if (algorithms.includes(undefined)) {
    throw s3Error('InvalidRequest', {
      message: 'The algorithm type you specified in x-amz-checksum- header is invalid.',
    });
  }
  if (found.length > 1) throw severalChecksums();
  return found[0] === undefined ? undefined : { algorithm: algorithms[0]!, text: found[0][1] };
}

function checkedValue({ algorithm, text }: HeaderChecksum): Uint8Array {
  const value = parseChecksum(algorithm, text);
  if (value === undefined) throw invalidChecksumValue(checksumHeader(algorithm));
  return value;
}

function announcedTrailer(request: Headers, payload: SignedPayload): ChecksumAlgorithm | undefined {
  const name = singleHeader(request, 'x-amz-trailer')?.trim().toLowerCase();
  if (name === undefined || name === '') return undefined;
  const algorithm = algorithmOfHeader(name);
  if (algorithm === undefined || payload.kind !== 'chunked' || !payload.trailer) {
    throw s3Error('InvalidRequest', { message: 'The value specified in the x-amz-trailer header is not supported' });
  }
  return algorithm;
}

/** x-amz-sdk-checksum-algorithm says once more what the checksum is, and must not say otherwise. */
function checkNamedAlgorithm(request: Headers, declared: ChecksumAlgorithm | undefined): void {
  const header = 'x-amz-sdk-checksum-algorithm';
  const name = singleHeader(request, header);
  if (name === undefined || name === '') return;
  const named = checksumAlgorithm(name);
  if (named === undefined) {
    throw s3Error('InvalidRequest', {
      message: `Checksum algorithm provided is unsupported. Please try again with any of the valid types: [${checksumAlgorithms.join(', ')}]`,
    });
  }
  if (declared === undefined) {
    throw s3Error('InvalidRequest', {
      message: `${header} specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.`,
    });
  }
  if (named !== declared) throw invalidChecksumValue(header);
}

function contentMd5(request: Headers): Uint8Array | undefined {
  const text = singleHeader(request, 'content-md5');
  if (text === undefined) return undefined;
  const value = parseBase64(text, 16);
  if (value === undefined) throw s3Error('InvalidDigest', { 'Content-MD5': text });
  return value;
}

function severalChecksums(): Error {
  return s3Error('InvalidRequest', {
    message: 'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.',
  });
}
