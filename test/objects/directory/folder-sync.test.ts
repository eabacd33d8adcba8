import { expect, test } from 'vitest';
import { FolderSync } from '../../../src/objects/directory/folder-sync.ts';

/** A sync that ends when it is told to. */
function heldSync() {
  const begun: PromiseWithResolvers<void>[] = [];
  const folder = new FolderSync(() => {
    const held = Promise.withResolvers<void>();
    begun.push(held);
    return held.promise;
  });
  return { begun, folder };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test('who comes while it runs waits for one that began later, together with the others', async () => {
  const { begun, folder } = heldSync();
  const ended: string[] = [];
  const run = (name: string) => folder.run().then(() => ended.push(name));
  const first = run('first');
  const late = [run('second'), run('third')];
  expect(begun).toHaveLength(1);
  begun[0]!.resolve();
  await first;
  await settled();
  expect(ended).toEqual(['first']);
  expect(begun).toHaveLength(2);
  const later = run('fourth');
  begun[1]!.resolve();
  await Promise.all(late);
  await settled();
  expect(ended).toEqual(['first', 'second', 'third']);
  expect(begun).toHaveLength(3);
  begun[2]!.resolve();
  await later;
});

test('a failure is told to those who waited for it, and to nobody else', async () => {
  const { begun, folder } = heldSync();
  const first = folder.run();
  const [second, third] = [folder.run(), folder.run()];
  begun[0]!.reject(new Error('the first one'));
  await expect(first).rejects.toThrow('the first one');
  await settled();
  begun[1]!.reject(new Error('the second one'));
  await expect(second).rejects.toThrow('the second one');
  await expect(third).rejects.toThrow('the second one');
  await settled();
  const last = folder.run();
  begun[2]!.resolve();
  await last;
});
