import { assert } from '../../assert.ts';
import type { ChecksumAlgorithm } from '../../s3-protocol/checksums/algorithm.ts';
import type { Digests } from '../../s3-protocol/checksums/content-check.ts';
import type { ContentHashing } from '../hashing/content-hashing.ts';
import { InlineHashes } from '../hashing/inline-hashes.ts';

/** Hashes of content as it comes. */
export interface ContentDigests {
  /** Resolves when the memory may be used again. Undefined where nothing is hashed. */
  readonly observe: ((content: Uint8Array) => Promise<void>) | undefined;
  /** All content was observed. @throws SealpartError `worker` */
  digest(signal: AbortSignal): Promise<Digests>;
  close(): void;
}

/** Content up to this is hashed by the thread that answers requests. */
export const mostInlineBytes: number = 64 * 1024;

/** Opens hashes of content of a known length: of more than a little by threads, for which it lies in shared memory. */
export function openContentDigests(
  hashing: ContentHashing,
  algorithms: ReadonlySet<ChecksumAlgorithm>,
  contentLength: number,
): ContentDigests {
  if (algorithms.size === 0) return { observe: undefined, digest: async () => new Map(), close: () => undefined };
  if (contentLength <= mostInlineBytes) {
    const hashes = new InlineHashes(algorithms);
    return { observe: (content) => hashes.update(content), digest: () => hashes.digest(), close: () => undefined };
  }
  const hashed = hashing.open(algorithms);
  return {
    observe: ({ buffer, byteOffset: offset, length }) => {
      assert(buffer instanceof SharedArrayBuffer, 'what threads hash lies in shared memory');
      return hashed.update({ buffer, offset, length });
    },
    digest: (signal) => hashed.digest(signal),
    close: () => hashed.close(),
  };
}
