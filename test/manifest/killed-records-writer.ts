/*
 * A process that writes object records as fast as it can until it is killed, and tells of it in lines on standard output,
 * written at once: `begin KEY GENERATION` and `done KEY GENERATION`.
 *
 *     killed-records-writer.ts PATH GENERATION   generations begin here
 */
import { writeSync } from 'node:fs';
import { openSqliteManifest } from '../../src/manifest/sqlite/open-sqlite-manifest.ts';
import { recordOf } from './killed-records-item.ts';

const [path = '', first = ''] = process.argv.slice(2);
const say = (line: string) => writeSync(1, `${line}\n`);
const { signal } = new AbortController();
const { records } = await openSqliteManifest(path);
await records.keyItem(async () => new Uint8Array(1024).fill(Number(first) + 1), signal);
let generation = Number(first);

async function write(lane: number): Promise<never> {
  for (let turn = 0; ; turn++) {
    const key = `key-${lane}-${turn % 20}`;
    const mine = generation++;
    say(`begin ${key} ${mine}`);
    await records.put(recordOf(key, mine), signal);
    say(`done ${key} ${mine}`);
  }
}

await Promise.all(Array.from({ length: 6 }, (_, lane) => write(lane)));
