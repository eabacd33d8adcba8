/** How S3 names an algorithm in x-amz-checksum-algorithm and x-amz-sdk-checksum-algorithm. */
export const checksumAlgorithms = [
  'CRC32',
  'CRC32C',
  'CRC64NVME',
  'MD5',
  'SHA1',
  'SHA256',
  'SHA512',
  'XXHASH128',
  'XXHASH3',
  'XXHASH64',
] as const;

export type ChecksumAlgorithm = (typeof checksumAlgorithms)[number];

/** How the checksum of a multipart object comes about: over its content, or over the checksums of its parts. */
export type ChecksumType = 'FULL_OBJECT' | 'COMPOSITE';

const lengthsBytes: Readonly<Record<ChecksumAlgorithm, number>> = {
  CRC32: 4,
  CRC32C: 4,
  CRC64NVME: 8,
  MD5: 16,
  SHA1: 20,
  SHA256: 32,
  SHA512: 64,
  XXHASH128: 16,
  XXHASH3: 8,
  XXHASH64: 8,
};

const headerPrefix = 'x-amz-checksum-';

/** The algorithm of that name, in any case. */
export function checksumAlgorithm(name: string): ChecksumAlgorithm | undefined {
  const wanted = name.toUpperCase();
  return checksumAlgorithms.find((algorithm) => algorithm === wanted);
}

/** `x-amz-checksum-crc32`: the header, or the trailer, that carries a checksum. */
export function checksumHeader(algorithm: ChecksumAlgorithm): string {
  return `${headerPrefix}${algorithm.toLowerCase()}`;
}

/** The algorithm whose checksum a header of that name (in lower case) carries. */
export function algorithmOfHeader(name: string): ChecksumAlgorithm | undefined {
  return name.startsWith(headerPrefix) ? checksumAlgorithm(name.slice(headerPrefix.length)) : undefined;
}

/** True for a header's name (in lower case) that claims to carry a checksum, of an algorithm that exists or not. */
export function carriesChecksum(name: string): boolean {
  const rest = name.startsWith(headerPrefix) ? name.slice(headerPrefix.length) : '';
  return rest !== '' && rest !== 'type' && rest !== 'algorithm' && rest !== 'mode';
}

/** The types that an algorithm can have over a multipart object: only CRCs of parts give the CRC of the whole. */
export function checksumTypes(algorithm: ChecksumAlgorithm): readonly ChecksumType[] {
  if (algorithm === 'CRC64NVME') return ['FULL_OBJECT'];
  return algorithm === 'CRC32' || algorithm === 'CRC32C' ? ['COMPOSITE', 'FULL_OBJECT'] : ['COMPOSITE'];
}

/**
 * The bytes of a checksum in base64. Strict: the one spelling that the bytes have, of the algorithm's length.
 *
 * @returns undefined for anything else.
 */
export function parseChecksum(algorithm: ChecksumAlgorithm, text: string): Buffer | undefined {
  return parseBase64(text, lengthsBytes[algorithm]);
}

/** So many bytes in base64, strictly: padded, and nothing left over in the last digit. */
export function parseBase64(text: string, lengthBytes: number): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.length === lengthBytes && bytes.toString('base64') === text ? bytes : undefined;
}
