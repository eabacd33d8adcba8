import type { StreamKeys } from '../crypto/key-schedule.ts';
import type { StreamParameters } from '../format/stream-parameters.ts';

/** What every segment of one stream shares: the parameters in force, the keys, and the hash that binds them. */
export interface StreamCrypto {
  readonly parameters: StreamParameters;
  readonly keys: StreamKeys;
  /** SHA-256 of the core. */
  readonly coreHash: Uint8Array;
}
