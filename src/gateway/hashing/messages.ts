import type { ChecksumAlgorithm } from '../../s3-protocol/checksums/algorithm.ts';

/** What a thread that hashes is told. Contents and buffers go by numbers that the other side gives them. */
export type HashingTask =
  /** Memory that stretches will lie in; once for each. */
  | { readonly kind: 'buffer'; readonly buffer: number; readonly memory: SharedArrayBuffer }
  | { readonly kind: 'open'; readonly content: number; readonly algorithms: readonly ChecksumAlgorithm[] }
  | {
      readonly kind: 'update';
      readonly content: number;
      readonly buffer: number;
      readonly offset: number;
      readonly length: number;
    }
  /** Ends the content. */
  | { readonly kind: 'digest'; readonly content: number }
  | { readonly kind: 'close'; readonly content: number };

export type HashingReport =
  /** So many more updates are done, in the order in which they were asked for, whatever contents they are of. */
  | { readonly kind: 'updated'; readonly count: number }
  | {
      readonly kind: 'digests';
      readonly content: number;
      readonly digests: readonly (readonly [ChecksumAlgorithm, Uint8Array])[];
    };
