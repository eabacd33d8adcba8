import type { ObjectRecord } from '../../crypto/object-record.ts';

/** What clients are told of an object. */
export interface DescribedObject {
  /** `foreign` for what is no stream of ours. */
  readonly kind: 'sealed' | 'foreign';
  /** Without quotes. */
  readonly etag: string;
  /** Of the content. */
  readonly sizeBytes: number;
  /** True if the size was authenticated; else it is a hint, good for listings only (docs/format.md §6). */
  readonly isSizeProven: boolean;
  /** In base64, by S3's name of the algorithm. */
  readonly checksums: Readonly<Record<string, string>>;
  /** S3's names of the algorithms of which there are checksums. */
  readonly checksumAlgorithms: readonly string[];
  /** Parts that a client made it of; 0 for an object that was put whole. */
  readonly partCount: number;
  /** Undefined where none was found: then the ETag is an opaque one. */
  readonly record?: ObjectRecord;
}

const noChecksums = { checksums: {}, checksumAlgorithms: [], partCount: 0 } as const;

export function describedByRecord(record: ObjectRecord): DescribedObject {
  const { etag, contentLength, checksums, partCount } = record;
  const checksumAlgorithms = Object.keys(checksums);
  return {
    kind: 'sealed',
    etag,
    sizeBytes: contentLength,
    isSizeProven: true,
    checksums,
    checksumAlgorithms,
    partCount,
    record,
  };
}

/** A stream of which only its own bytes tell. */
export function describedByReading(etag: string, sizeBytes: number, isSizeProven: boolean): DescribedObject {
  return { kind: 'sealed', etag, sizeBytes, isSizeProven, ...noChecksums };
}

/** An object as the store has it. */
export function foreignObject(etag: string, sizeBytes: number): DescribedObject {
  return { kind: 'foreign', etag, sizeBytes, isSizeProven: true, ...noChecksums };
}
