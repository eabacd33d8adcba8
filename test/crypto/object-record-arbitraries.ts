import type { ObjectRecord } from '../../src/crypto/object-record.ts';
import { bytesOf, parameters } from '../format/arbitraries.ts';
import { fc } from '../support/properties.ts';

const checksumLengths = { CRC32: 4, CRC32C: 4, CRC64NVME: 8, SHA1: 20, SHA256: 32, MD5: 16, XXHASH64: 8 };
const md5 = bytesOf(16).map((bytes) => Buffer.from(bytes).toString('hex'));
const printable = fc.mapToConstant(
  { num: 1, build: () => '!' },
  { num: 0x5c, build: (v) => String.fromCharCode(0x23 + v) },
);

/** ETags of all forms. */
export const etags: fc.Arbitrary<string> = fc.oneof(
  md5,
  fc.tuple(md5, fc.integer({ min: 1, max: 10_000 })).map(([hex, parts]) => `${hex}-${parts}`),
  fc.tuple(md5, fc.constantFrom('-0', '-01', '-10001', '-', 'a')).map(([hex, end]) => `${hex}${end}`),
  md5.map((hex) => hex.toUpperCase()),
  fc.string({ unit: printable, minLength: 1, maxLength: 80 }),
);

const checksums: fc.Arbitrary<Record<string, string>> = fc
  .uniqueArray(fc.constantFrom(...(Object.keys(checksumLengths) as (keyof typeof checksumLengths)[])), { maxLength: 3 })
  .chain((names) =>
    fc
      .tuple(...names.map((name) => bytesOf(checksumLengths[name])))
      .map((values) => Object.fromEntries(names.map((name, i) => [name, Buffer.from(values[i]!).toString('base64')]))),
  );

const lengths = fc.oneof(fc.nat(), fc.maxSafeNat());

/** Every record that there can be, but for the longest checksums. */
export const objectRecords: fc.Arbitrary<ObjectRecord> = fc.record({
  sizeBytes: lengths,
  streamId: bytesOf(16),
  contentLength: lengths,
  etag: etags,
  checksums,
  parameters: parameters(),
  streamDigest: bytesOf(32),
  finalSalt: bytesOf(16),
  partCount: fc.integer({ min: 0, max: 10_000 }),
});
