import { OrderedWindow } from '../flow/ordered-window.ts';
import type { FetchedItem } from './fetched-item.ts';
import { type FetchOptions, SegmentFetcher, UnexpectedSegment } from './segment-fetcher.ts';
import { type ReleaseOptions, SegmentReleaser } from './segment-releaser.ts';
import { scheduledVisits } from './segment-visit.ts';
import type { Telemetry } from './telemetry.ts';

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
  const releaser = new SegmentReleaser(release);
  try {
    await runBoth(fetch, releaser, signal);
  } catch (error) {
    if (!(error instanceof UnexpectedSegment)) throw error;
    // The length of the input is not that of this stream: from here on it is read as if nobody had told it.
    const { segmentIndex, position } = error;
    fetch.input.requests?.planReads([{ start: position, end: fetch.input.size! }]);
    const visits = scheduledVisits(fetch.stream.parameters, undefined, segmentIndex);
    await runBoth({ ...fetch, visits, position }, releaser, signal);
  }
  return releaser.streamDigest;
}

async function runBoth(fetch: FetchOptions, releaser: SegmentReleaser, signal: AbortSignal): Promise<void> {
  const window = new OrderedWindow<FetchedItem>(windowItems);
  const stop = new AbortController();
  const inner = AbortSignal.any([signal, stop.signal]);
  const fetching = new SegmentFetcher(fetch, window).run(inner);
  try {
    // §6.2: the first refusal stops the releaser, and with it everything that would follow.
    await releaser.run(window, inner);
  } catch (error) {
    stop.abort(error);
    throw error;
  } finally {
    await fetching;
    await discard(window.drain(), fetch.telemetry);
    releaser.release();
  }
}

async function discard(items: readonly FetchedItem[], telemetry: Telemetry): Promise<void> {
  // Workers may still be writing, also into a segment whose memory stands in another item, or with the releaser.
  await Promise.allSettled(items.map((item) => (item.kind === 'batch' ? item.result : undefined)));
  for (const item of items) {
    if (item.kind === 'segment') {
      telemetry.segmentAbandoned();
      item.held?.lease.release();
    } else if (item.kind === 'batch') {
      item.wire.release();
      item.plain?.release();
    }
  }
}
