import { assert } from '../assert.ts';

/**
 * Copies all of `source` into `target`, from `at` on; the two must not overlap. It does what set() does, but to and from
 * shared memory as fast as anywhere: measured, set() takes three times as long there where the two sides are aligned
 * differently, as frames and content nearly always are, and so does Buffer's copy() where both are shared.
 */
export function copyBytes(source: Uint8Array, target: Uint8Array, at = 0): void {
  assert(at + source.length <= target.length, 'room for all that is copied');
  // An empty pattern cannot fill anything, and Node refuses it.
  if (source.length === 0) return;
  // The one call that goes by memcpy in all cases.
  Buffer.from(target.buffer, target.byteOffset + at, source.length).fill(source);
}
