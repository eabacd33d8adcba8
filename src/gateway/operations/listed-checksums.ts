import type { ListedObject } from '../../s3-protocol/xml/listed-elements.ts';

/** What a listing says of an object's checksums: by what algorithms there are any. */
export function listedChecksums(
  algorithms: readonly string[] | undefined,
): Pick<ListedObject, 'checksumAlgorithms' | 'checksumType'> {
  if (algorithms === undefined || algorithms.length === 0) return {};
  return { checksumAlgorithms: algorithms, checksumType: 'FULL_OBJECT' };
}
