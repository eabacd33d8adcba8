import type { StoreLimits } from '../object-store.ts';
import type { PartChecksums } from './part-checksums.ts';
import type { S3Caller } from './s3-caller.ts';

/** What all operations of one store share. */
export interface S3Ground {
  readonly name: string;
  /** Where buckets are made. */
  readonly region: string;
  readonly limits: StoreLimits;
  readonly caller: S3Caller;
  readonly checksums: PartChecksums;
  /** True if what is sent is hashed for the signature: where others could change it on the way. */
  readonly signsPayload: boolean;
  readonly idleTimeoutMs: number;
  readonly maxAttempts: number;
}
