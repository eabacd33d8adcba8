import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { openSqliteManifest } from '../../src/manifest/sqlite/open-sqlite-manifest.ts';
import { collect, quiet } from '../contracts/upload-manifest-ground.ts';
import { noteFault } from '../support/fault-log.ts';
import { recordOf } from './killed-records-item.ts';
import { manifestPath, query } from './manifest-file.ts';

// SIGKILL in the middle of writes: what was answered is there, what was not may be, and nothing by half.

/** `npm run endurance` asks for 1,000. */
const killCount = Number(process.env.SEALPART_TEST_KILLS ?? 10);

const writerPath = fileURLToPath(new URL('./killed-records-writer.ts', import.meta.url));

/** Runs the writer until some of its writes were answered, kills it, and gives its lines. */
async function killedWriter(path: string, generation: number, delayMs: number): Promise<string[]> {
  const child = spawn(process.execPath, [writerPath, path, `${generation}`], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout });
  reader.on('line', (line) => {
    if (lines.push(line) === 30) setTimeout(() => child.kill('SIGKILL'), delayMs);
  });
  const [[, signal]] = await Promise.all([once(child, 'exit'), once(reader, 'close')]);
  expect(signal).toBe('SIGKILL');
  return lines;
}

test(`records whose writer is killed ${killCount} times`, { timeout: 30_000 + killCount * 5_000 }, async () => {
  const path = await manifestPath();
  /** What may be there under each key: the last write that was answered, and those that were begun after it. */
  const possible = new Map<string, number[]>();
  const seen = { answered: 0, open: 0 };
  let generation = 0;
  let keyItem: Buffer | undefined;
  for (let round = 0; round < killCount; round++) {
    for (const line of await killedWriter(path, generation, (round * 7) % 40)) {
      const [verb, key = '', number] = line.split(' ');
      generation = Math.max(generation, Number(number) + 1);
      if (verb === 'done') {
        possible.set(key, [Number(number)]);
        seen.answered += 1;
      } else {
        possible.set(key, [...(possible.get(key) ?? [-1]), Number(number)]);
        seen.open += 1;
      }
    }
    const manifest = await openSqliteManifest(path, { create: false });
    const items = await collect(manifest.records.list({ bucket: 'bucket' }, quiet));
    const key = Buffer.from(await manifest.records.keyItem(async () => new Uint8Array(1), quiet));
    await manifest.close();
    keyItem ??= key;
    expect(key).toHaveLength(1024);
    expect(key.equals(keyItem), 'the key item is the first one').toBe(true);
    const found = new Map(items.map((item) => [item.key, item]));
    for (const [name, generations] of possible) {
      const item = found.get(name);
      const is = item === undefined ? -1 : item.writtenMs;
      expect(generations, `${name} in round ${round}`).toContain(is);
      if (item !== undefined) expect(item).toEqual(recordOf(name, is));
      possible.set(name, [is]);
    }
    expect(query(path, 'PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
  }
  seen.open -= seen.answered;
  expect(seen.answered).toBeGreaterThan(killCount * 5);
  expect(seen.open).toBeGreaterThanOrEqual(killCount);
  const outcome = `integrity_check ok, ${seen.answered} answered writes there`;
  noteFault({ id: 'M10', injected: 'SIGKILL while records were written', reached: killCount, outcome });
});
