/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('values must not be empty: nothing has no median.');
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The median of how a's value stands to b's in the same round, so that what slows a whole round down does not count. */
export function medianRatio(a: readonly number[], b: readonly number[]): number {
  if (a.length !== b.length) throw new RangeError(`Both sides need a value a round, not ${a.length} and ${b.length}.`);
  return median(a.map((value, round) => value / b[round]!));
}
