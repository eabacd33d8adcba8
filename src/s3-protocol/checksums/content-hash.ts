import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { ChecksumAlgorithm } from './algorithm.ts';
import { updateCrc32c } from './crc32c.ts';
import { openWasmHash } from './wasm-hash.ts';

/** A checksum of content that comes in pieces. */
export interface ContentHash {
  update(bytes: Uint8Array): void;
  /** The checksum, in the byte order in which S3 writes it. Nothing may follow. */
  digest(): Uint8Array;
}

const cryptoNames = { MD5: 'md5', SHA1: 'sha1', SHA256: 'sha256', SHA512: 'sha512' } as const;

/** Opens a hash. It waits only for the algorithms that have to be compiled first. */
export async function openContentHash(algorithm: ChecksumAlgorithm): Promise<ContentHash> {
  switch (algorithm) {
    case 'CRC32':
      return openCrc((bytes, crc) => crc32(bytes, crc));
    case 'CRC32C':
      return openCrc(updateCrc32c);
    case 'MD5':
    case 'SHA1':
    case 'SHA256':
    case 'SHA512':
      return createHash(cryptoNames[algorithm]);
    default: {
      const hash = await openWasmHash(algorithm);
      return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest('binary') };
    }
  }
}

function openCrc(next: (bytes: Uint8Array, crc: number) => number): ContentHash {
  let crc = 0;
  return {
    update: (bytes) => {
      crc = next(bytes, crc);
    },
    digest: () => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(crc);
      return bytes;
    },
  };
}
