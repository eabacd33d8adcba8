import { createCRC64, createXXHash3, createXXHash64, createXXHash128, type IHasher } from 'hash-wasm';

/** The algorithms that neither node:crypto nor node:zlib has. */
export type WasmAlgorithm = 'CRC64NVME' | 'XXHASH128' | 'XXHASH3' | 'XXHASH64';

/** CRC-64/NVME's polynomial, bit-reversed. */
const nvmePolynomial = '9a6c9329ac4bc9b5';

/** Makes a hasher, whose memory is its own. `digest('binary')` gives the bytes in the order in which S3 writes them. */
export function openWasmHash(algorithm: WasmAlgorithm): Promise<IHasher> {
  switch (algorithm) {
    case 'CRC64NVME':
      return createCRC64(nvmePolynomial);
    case 'XXHASH128':
      return createXXHash128();
    case 'XXHASH3':
      return createXXHash3();
    case 'XXHASH64':
      return createXXHash64();
  }
}
