import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { openSqliteManifest } from '../../src/manifest/sqlite/open-sqlite-manifest.ts';
import type { PartItem } from '../../src/manifest/upload-manifest.ts';
import { collect, enter, quiet } from '../contracts/upload-manifest-ground.ts';
import { manifestPath, query } from '../manifest/manifest-file.ts';
import { noteFault } from '../support/fault-log.ts';
import { isRemoval, isWhole } from './m10-part.ts';

// M10: SIGKILL in the middle of transactions. What was answered is there, what was not may be, and nothing by half.

/** `npm run endurance` asks for 1,000. */
const killCount = Number(process.env.SEALPART_TEST_KILLS ?? 20);

const writerPath = fileURLToPath(new URL('./m10-writer.ts', import.meta.url));

/** Runs the writer until it has done something and `delayMs` more, kills it, and gives all its lines. */
async function killedWriter(path: string, id: string, generation: number, delayMs: number): Promise<string[]> {
  const child = spawn(process.execPath, [writerPath, path, id, `${generation}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout });
  reader.on('line', (line) => {
    if (line.startsWith('done') && !lines.some((earlier) => earlier.startsWith('done'))) {
      setTimeout(() => child.kill('SIGKILL'), delayMs);
    }
    lines.push(line);
  });
  const [[, signal]] = await Promise.all([once(child, 'exit'), once(reader, 'close')]);
  expect(signal).toBe('SIGKILL');
  return lines;
}

/** What a part number may be: the last write of it that was answered, or one that was begun after it. */
type Possible = Map<number, number[]>;

/** Stands for a part number that nothing was ever written of. */
const neverWritten = -1;

function follow(possible: Possible, lines: readonly string[]): { latest: number; answered: number; begun: number } {
  const counts = { latest: 0, answered: 0, begun: 0 };
  for (const line of lines) {
    const [verb, ...numbers] = line.split(' ');
    const [number, generation] = numbers.map(Number);
    if (number === undefined || generation === undefined) continue;
    counts.latest = Math.max(counts.latest, generation);
    if (verb === 'done') {
      possible.set(number, [generation]);
      counts.answered += 1;
    } else {
      possible.set(number, [...(possible.get(number) ?? [neverWritten]), generation]);
      counts.begun += 1;
    }
  }
  return counts;
}

/** Compares what is there with what may be, and takes it as what is from now on. Gives how many were not answered. */
function settle(possible: Possible, found: ReadonlyMap<number, PartItem>): number {
  let unanswered = 0;
  for (const [number, generations] of possible) {
    const part = found.get(number);
    const fitting = generations.filter((generation) =>
      generation === neverWritten || isRemoval(generation) ? part === undefined : part?.etag === `${generation}`,
    );
    if (fitting.length === 0) {
      throw new Error(`part ${number} is ${part?.etag ?? 'absent'} and should be one of ${generations.join(', ')}`);
    }
    if (generations.length > 1 && fitting.at(-1) === generations.at(-1)) unanswered += 1;
    possible.set(number, fitting.slice(-1));
  }
  return unanswered;
}

test(`M10: a manifest whose writer is killed ${killCount} times`, { timeout: 30_000 + killCount * 5_000 }, async () => {
  const path = await manifestPath();
  const setup = await openSqliteManifest(path);
  const { id } = await enter(setup);
  await setup.close();

  const possible: Possible = new Map();
  const seen = { answered: 0, open: 0, unanswered: 0 };
  let generation = 0;
  for (let round = 0; round < killCount; round++) {
    const lines = await killedWriter(path, id, generation, (round * 13) % 80);
    const { latest, answered, begun } = follow(possible, lines);
    generation = latest + 1;
    seen.answered += answered;
    seen.open += begun - answered;

    const manifest = await openSqliteManifest(path, { create: false });
    expect((await manifest.find(id, quiet))?.epoch).toBe(2 + round);
    const parts = await collect(manifest.parts(id, quiet));
    await manifest.close();
    for (const part of parts) expect(isWhole(part), `part ${part.partNumber} of round ${round}`).toBe(true);
    seen.unanswered += settle(possible, new Map(parts.map((part) => [part.partNumber, part])));
    expect(query(path, 'PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
  }
  // Each kill hit calls under way; of some it is found that they had come about all the same.
  expect(seen.answered).toBeGreaterThan(killCount * 2);
  expect(seen.open).toBeGreaterThanOrEqual(killCount);
  const outcome = `integrity_check ok, ${seen.answered} answered writes there, of ${seen.open} others ${seen.unanswered} too`;
  noteFault({ id: 'M10', injected: 'SIGKILL inside of transactions', reached: killCount, outcome });
});
