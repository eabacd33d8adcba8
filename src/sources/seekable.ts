import type { SeekableSource, Source } from './source.ts';

/** True for a source that can be read at any position, as a regular file and memory can. */
export function isSeekable<S extends Source | SeekableSource>(source: S): source is S & SeekableSource {
  return 'readAt' in source && typeof source.readAt === 'function';
}
