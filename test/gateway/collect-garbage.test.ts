import { expect, it } from 'vitest';
import { collectGarbageAbove } from '../../src/gateway/collect-garbage.ts';

/** Something that only a collection of the whole heap takes away. */
function longLived(): WeakRef<object> {
  const held = Array.from({ length: 1000 }, (_, i) => ({ i }));
  return new WeakRef(held);
}

it('collects what nobody has any more, as long as requests come', async () => {
  const garbage = longLived();
  let requests = 0;
  const stop = collectGarbageAbove(0, () => requests++);
  try {
    await expect.poll(() => garbage.deref() === undefined, { timeout: 20_000 }).toBe(true);
  } finally {
    stop();
  }
}, 30_000);
