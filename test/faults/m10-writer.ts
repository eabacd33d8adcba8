/*
 * A process that changes the parts of an upload as fast as it can until it is killed. It tells what it does in lines
 * on standard output, written at once: `begin NUMBER GENERATION` and `done NUMBER GENERATION`.
 *
 *     m10-writer.ts PATH ID GENERATION   generations begin here
 */
import { writeSync } from 'node:fs';
import { openSqliteManifest } from '../../src/manifest/sqlite/open-sqlite-manifest.ts';
import { isRemoval, partOf } from './m10-part.ts';

const laneCount = 8;
const partsOfLane = 12;

const [path = '', id = '', first = ''] = process.argv.slice(2);
const say = (line: string) => writeSync(1, `${line}\n`);
const { signal } = new AbortController();

const manifest = await openSqliteManifest(path, { create: false });
// The writer before this one was killed: its lock is free at once.
const lock = await manifest.lock(id, 1);
if (lock === undefined || lock === 'unknown') throw new Error('the lock of a dead process is held');
const head = await manifest.find(id, signal);
if (head === undefined) throw new Error('the upload is gone');
const claim = { owner: `process ${process.pid}`, leaseUntilMs: Date.now() + 60_000 };
const { epoch } = await manifest.takeOver(id, head.epoch, claim, Date.now(), signal);
say(`epoch ${epoch}`);

let generation = Number(first);

async function write(lane: number): Promise<never> {
  for (let turn = 0; ; turn++) {
    const number = 1 + lane + laneCount * (turn % partsOfLane);
    const mine = generation++;
    say(`begin ${number} ${mine}`);
    if (isRemoval(mine)) await manifest.removePart(id, number, epoch, signal);
    else await manifest.putPart(id, partOf(number, mine, epoch), signal);
    say(`done ${number} ${mine}`);
    if (turn % 10 === 0) await manifest.change(id, epoch, { leaseUntilMs: Date.now() + 60_000 }, Date.now(), signal);
  }
}

await Promise.all(Array.from({ length: laneCount }, (_, lane) => write(lane)));
