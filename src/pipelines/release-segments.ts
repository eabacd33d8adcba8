import { OrderedWindow } from '../flow/ordered-window.ts';
import { type FetchedItem, type FetchOptions, SegmentFetcher } from './segment-fetcher.ts';
import { type ReleaseOptions, SegmentReleaser } from './segment-releaser.ts';

/** Items between fetcher and releaser; memory bounds them first, unless segments are tiny. */
const windowItems = 256;

/**
 * Fetches segments and releases them, side by side, to the last visit or the first refusal. Nothing is running and no
 * memory is taken any more when this settles.
 *
 * @returns the verified stream digest where a whole scheduled stream was read
 */
export async function releaseSegments(
  fetch: FetchOptions,
  release: ReleaseOptions,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  const window = new OrderedWindow<FetchedItem>(windowItems);
  const stop = new AbortController();
  const inner = AbortSignal.any([signal, stop.signal]);
  const fetching = new SegmentFetcher(fetch, window).run(inner);
  const releaser = new SegmentReleaser(release);
  try {
    await releaser.run(window, inner);
    return releaser.streamDigest;
  } catch (error) {
    stop.abort(error);
    throw error;
  } finally {
    await fetching;
    await discard(window.drain());
  }
}

async function discard(items: readonly FetchedItem[]): Promise<void> {
  for (const item of items) {
    if (item.kind === 'segment') item.held?.lease.release();
    if (item.kind !== 'batch') continue;
    // A worker may still be writing there.
    await Promise.allSettled([item.result]);
    item.wire.release();
    item.plain?.release();
  }
}
