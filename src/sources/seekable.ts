import type { SeekableSource, Source } from './source.ts';

/** True for a source that can also be read at any position, as a regular file and memory can. */
export function isSeekable(source: Source): source is Source & SeekableSource {
  return 'readAt' in source && typeof source.readAt === 'function';
}
