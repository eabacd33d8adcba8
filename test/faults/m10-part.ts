import { createHash, createSecretKey } from 'node:crypto';
import { partMac, partMacMatches } from '../../src/crypto/manifest-records.ts';
import type { PartItem } from '../../src/manifest/upload-manifest.ts';

/** The key and the core hash of the stream that the killed writers work on. */
const manifestKey = createSecretKey(Buffer.alloc(32, 7));
const coreHash = Buffer.alloc(32, 8);

/** Every so many writes of a part number are a removal. */
export function isRemoval(generation: number): boolean {
  return generation % 6 === 5;
}

/** A part that follows from its number and the generation, which is its ETag; of up to three pages of segments. */
export function partOf(partNumber: number, generation: number, epoch: number): PartItem {
  const digestOf = (what: string) => createHash('sha256').update(`${partNumber} ${generation} ${what}`).digest();
  const segments = Array.from({ length: (partNumber * 7 + generation) % 200 }, (_, index) => {
    const digest = digestOf(`segment ${index}`);
    return { segmentIndex: index, contentLength: 100, totalLength: 200, salt: digest.subarray(0, 16), digest };
  });
  const part = {
    partNumber,
    epoch,
    attempt: digestOf('attempt').subarray(0, 8),
    segments,
    etag: `${generation}`,
    checksum: '',
    clientEtag: digestOf('client ETag'),
    clientChecksums: new Uint8Array(0),
  };
  return { ...part, mac: partMac(manifestKey, coreHash, part) };
}

/** True if no byte and no segment of it is missing. */
export function isWhole(part: PartItem): boolean {
  const { length } = partOf(part.partNumber, Number(part.etag), part.epoch).segments;
  return part.segments.length === length && partMacMatches(manifestKey, coreHash, part, part.mac);
}
