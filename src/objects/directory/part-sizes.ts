import { assert } from '../../assert.ts';

/** Which of an object's parts a range of its bytes touches. */
export interface PartSpan {
  /** Index of the first part touched, counted from 0. */
  readonly firstIndex: number;
  /** How many parts are touched; at least one. */
  readonly count: number;
  /** Where the range begins inside the first of them. */
  readonly offsetBytes: number;
}

/**
 * Writes part sizes as text, runs of one size as `[size, count]`: an object of 10,000 parts of one size needs thirty
 * characters for them, so that head and get need not read 10,000 rows.
 */
export function encodePartSizes(sizesBytes: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const size of sizesBytes) {
    const last = runs.at(-1);
    if (last?.[0] === size) last[1] += 1;
    else runs.push([size, 1]);
  }
  return JSON.stringify(runs);
}

/** Reads what encodePartSizes wrote. */
export function decodePartSizes(text: string): number[] {
  const runs: [number, number][] = JSON.parse(text);
  return runs.flatMap(([size, count]) => new Array<number>(count).fill(size));
}

/**
 * Finds the parts that hold the bytes `first` to `last`, both counted, of an object that has them. For no bytes at all,
 * `last` before `first`, it is the first part.
 */
export function locateSpan(sizesBytes: readonly number[], first: number, last: number): PartSpan {
  if (last < first) return { firstIndex: 0, count: 1, offsetBytes: 0 };
  let firstIndex = 0;
  let startBytes = 0;
  while (startBytes + sizeAt(sizesBytes, firstIndex) <= first) startBytes += sizeAt(sizesBytes, firstIndex++);
  let end = firstIndex;
  let endBytes = startBytes;
  while (endBytes <= last) endBytes += sizeAt(sizesBytes, end++);
  return { firstIndex, count: end - firstIndex, offsetBytes: first - startBytes };
}

function sizeAt(sizesBytes: readonly number[], index: number): number {
  const size = sizesBytes[index];
  assert(size !== undefined, 'a range must lie inside the object');
  return size;
}
