import type { MemoryShare } from './arena-share.ts';

/** How a run that reads gets on with others that share its pool and its store. */
export interface ReadSharing {
  /** What it may hold of the pool's memory at one time; all of it unless told. */
  readonly share?: MemoryShare | undefined;
  /**
   * Content that is decrypted and released at once, in bytes; 4 MiB unless told. Less of it is held for a sink that is
   * slow, and each batch costs a message to a thread and back.
   */
  readonly batchBytes?: number | undefined;
  /** Told of each segment header that was judged, for whoever keeps them. */
  readonly onSegmentHeader?: ((position: number, bytes: Uint8Array) => void) | undefined;
}

/** Those options of a request that are about it. */
export function sharingOf({ share, batchBytes, onSegmentHeader }: ReadSharing): ReadSharing {
  return { share, batchBytes, onSegmentHeader };
}
