import type { BodyChange } from './fault-rule.ts';

/** The body after the changes, in the order in which they are described; the one that was given stays as it is. */
export function changeBody(body: Buffer, change: BodyChange): Buffer {
  let changed = change.set === undefined ? Buffer.from(body) : Buffer.from(change.set);
  for (const [from, to] of change.replace ?? []) {
    // latin1, so that bytes that are no text stay what they are.
    changed = Buffer.from(changed.toString('latin1').replaceAll(from, to), 'latin1');
  }
  for (const bit of change.flipBits ?? []) {
    const at = bit >> 3;
    if (at < changed.length) changed[at] = changed[at]! ^ (1 << (bit & 7));
  }
  if (change.truncateTo !== undefined) changed = changed.subarray(0, change.truncateTo);
  return change.append === undefined ? changed : Buffer.concat([changed, Buffer.from(change.append)]);
}
