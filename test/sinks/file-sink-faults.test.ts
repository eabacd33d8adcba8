import { rmSync, writeFileSync } from 'node:fs';
import { lstat, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SealpartError } from '../../src/errors.ts';
import { createFileSink } from '../../src/sinks/file-sink.ts';
import type { Sink } from '../../src/sinks/sink.ts';
import { listLeftovers } from '../../src/sinks/temporary-name.ts';
import {
  type FailingFileOperations,
  type Fate,
  type FileCall,
  failingFileOperations,
} from '../support/failing-file-operations.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const go = new AbortController().signal;
const old = Buffer.from('what stood there before');
const content = Buffer.from('the first segment, and the second');

/** Whether something stands there, and whether it may be replaced. */
const situations = [
  { situation: 'where nothing stands', before: undefined, overwrite: true },
  { situation: 'over an old file', before: old, overwrite: true },
  { situation: 'that may not overwrite', before: undefined, overwrite: false },
] as const;
type Situation = (typeof situations)[number];

interface Attempt {
  readonly path: string;
  readonly operations: FailingFileOperations;
  /** Writes two segments and one that is rolled back, and finishes. */
  run(): Promise<void>;
  abort(): Promise<void>;
  visible(): Promise<Buffer | undefined>;
}

async function prepare(situation: Situation, decide: (call: FileCall, number: number) => Fate): Promise<Attempt> {
  const path = join(await temporaryDirectory(), 'output');
  if (situation.before !== undefined) await writeFile(path, situation.before);
  const operations = failingFileOperations(decide);
  onTestFinished(() => operations.end());
  let sink: Sink | undefined;
  return {
    path,
    operations,
    async run() {
      sink = await createFileSink(path, { overwrite: situation.overwrite, operations }, go);
      await sink.writeTentative(content.subarray(0, 18), go);
      await sink.commitSegment(go);
      await sink.writeTentative(Buffer.from('forget this'), go);
      await sink.rollbackSegment();
      await sink.writeTentative(content.subarray(18), go);
      await sink.commitSegment(go);
      await sink.finish(go);
    },
    async abort() {
      await sink?.abort();
    },
    async visible() {
      return (await readdir(join(path, '..'))).includes('output') ? readFile(path) : undefined;
    },
  };
}

/** The calls of a run in which nothing goes wrong, and the number of the one that puts the file in place. */
async function rehearse(situation: Situation): Promise<{ calls: readonly FileCall[]; placing: number }> {
  const attempt = await prepare(situation, () => 'done');
  await attempt.run();
  expect(await attempt.visible()).toEqual(content);
  const { calls } = attempt.operations;
  return { calls, placing: calls.findIndex(({ operation }) => operation === 'rename' || operation === 'link') };
}

const fsync = (path: string, { calls }: { calls: readonly FileCall[] }): number[] =>
  calls.flatMap((call, number) =>
    call.operation === 'sync' && call.path.endsWith('.tmp') === (path === 'file') ? [number] : [],
  );

describe.each(situations)('a file sink $situation', (situation) => {
  it('brings file and directory to the disk before it takes its name, and the directory after', async () => {
    const rehearsal = await rehearse(situation);
    const { calls, placing } = rehearsal;
    expect(fsync('file', rehearsal)).toHaveLength(1);
    expect(fsync('file', rehearsal)[0]).toBeLessThan(placing);
    expect(fsync('file', rehearsal)[0]).toBeGreaterThan(calls.findLastIndex(({ operation }) => operation === 'write'));
    const [before, after] = fsync('directory', rehearsal);
    expect(before).toBeLessThan(placing);
    expect(after).toBeGreaterThan(placing);
  });

  it.each(['ENOSPC', 'EIO', 'EACCES', 'EROFS', 'EXDEV', 'EDQUOT'])('survives %s at any call', async (code) => {
    const { calls, placing } = await rehearse(situation);
    for (const [faulty, { operation }] of calls.entries()) {
      const where = `${operation}, call ${faulty}`;
      const attempt = await prepare(situation, (_, number) => (number === faulty ? { code } : 'done'));
      const failure = await attempt.run().then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(attempt.operations.faults, where).toBe(1);
      expect(failure, where).toBeInstanceOf(SealpartError);
      expect(failure, where).toMatchObject({ code: 'io', cause: { code } });
      expect(String(failure), where).toContain(attempt.path);
      expect(String(failure), where).toContain(code);
      await attempt.abort();
      // Once it has its name it is whole, and stays.
      expect(await attempt.visible(), where).toEqual(faulty > placing ? content : situation.before);
      const leftovers = await listLeftovers(attempt.path);
      if (operation === 'unlink') expect(String(failure), where).toContain(leftovers[0]);
      else expect(leftovers, where).toEqual([]);
    }
  });

  it('survives a file system where an operation fails for good', async () => {
    const { calls } = await rehearse(situation);
    const operations = new Set(calls.map(({ operation }) => operation));
    for (const broken of operations) {
      for (const from of [0, calls.length >> 1]) {
        const attempt = await prepare(situation, ({ operation }, number) =>
          operation === broken && number >= from ? { code: 'EIO' } : 'done',
        );
        const run = attempt.run();
        if (!calls.some(({ operation }, number) => operation === broken && number >= from)) {
          await run;
          continue;
        }
        await expect(run, broken).rejects.toMatchObject({ code: 'io' });
        expect(attempt.operations.faults, broken).toBeGreaterThan(0);
        await attempt.abort().catch((error: unknown) => expect(error, broken).toBeInstanceOf(SealpartError));
        const visible = await attempt.visible();
        // A link cannot be told from the result that it is: only what follows it has failed.
        expect([situation.before, broken === 'unlink' ? content : situation.before], broken).toContainEqual(visible);
        for (const leftover of await listLeftovers(attempt.path)) {
          expect(['unlink'], leftover).toContain(broken);
        }
      }
    }
  });

  it('leaves the target untouched if its directory cannot be brought to the disk at all', async () => {
    const attempt = await prepare(situation, ({ operation, path }) =>
      operation === 'sync' && !path.endsWith('.tmp') ? { code: 'EIO' } : 'done',
    );
    await expect(attempt.run()).rejects.toMatchObject({ code: 'io' });
    await attempt.abort();
    expect(await attempt.visible()).toEqual(situation.before);
  });

  it('does not mind a file system that knows no fsync of directories', async () => {
    const attempt = await prepare(situation, ({ operation, path }) =>
      operation === 'sync' && !path.endsWith('.tmp') ? { code: 'EINVAL' } : 'done',
    );
    await attempt.run();
    expect(await attempt.visible()).toEqual(content);
    expect(attempt.operations.faults).toBe(2);
  });

  it('says that the file is complete if only the last fsync of the directory failed', async () => {
    const rehearsal = await rehearse(situation);
    const last = fsync('directory', rehearsal).at(-1);
    const attempt = await prepare(situation, (_, number) => (number === last ? { code: 'EIO' } : 'done'));
    await expect(attempt.run()).rejects.toMatchObject({ message: expect.stringMatching(/output is complete, but/) });
    await attempt.abort();
    expect(await attempt.visible()).toEqual(content);
  });

  it('does not finish after a failed fsync, however often it is asked', async () => {
    const rehearsal = await rehearse(situation);
    const [first] = fsync('file', rehearsal);
    const path = join(await temporaryDirectory(), 'output');
    const operations = failingFileOperations((_, number) => (number === first ? { code: 'EIO' } : 'done'));
    const sink = await createFileSink(path, { operations }, go);
    await sink.writeTentative(content.subarray(0, 18), go);
    await sink.commitSegment(go);
    // As many calls as the rehearsal had before its fsync.
    while (operations.calls.length < first! - 1) await sink.writeTentative(content.subarray(0, 1), go);
    await sink.commitSegment(go);
    await expect(sink.finish(go)).rejects.toMatchObject({ code: 'io' });
    await expect(sink.finish(go)).rejects.toThrow('failed');
    await sink.abort();
    expect(await listLeftovers(path)).toEqual([]);
  });

  it.each(['stop-before', 'stop-after'] as const)(
    'leaves the old file or the whole new one: %s any call',
    async (fate) => {
      const { calls, placing } = await rehearse(situation);
      for (const [faulty, { operation }] of calls.entries()) {
        const where = `${fate} ${operation}, call ${faulty}`;
        const attempt = await prepare(situation, (_, number) => (number === faulty ? fate : 'done'));
        const run = attempt.run();
        await Promise.race([attempt.operations.stopped, run.then(() => expect.unreachable(where))]);
        expect(attempt.operations.faults, where).toBe(1);
        const isPlaced = fate === 'stop-after' ? faulty >= placing : faulty > placing;
        expect(await attempt.visible(), where).toEqual(isPlaced ? content : situation.before);
        expect((await listLeftovers(attempt.path)).length, where).toBeLessThanOrEqual(1);
        await attempt.operations.end();
        // The next one is not disturbed by what is left.
        const next = await createFileSink(attempt.path, {}, go);
        await next.writeTentative(Buffer.from('next'), go);
        await next.commitSegment(go);
        await next.finish(go);
        expect(String(await attempt.visible()), where).toBe('next');
      }
    },
  );
});

describe('a file sink that may not overwrite, where there are no links', () => {
  const situation = situations[2];
  const orLinkless =
    (decide: (call: FileCall, number: number) => Fate) =>
    (call: FileCall, number: number): Fate =>
      call.operation === 'link' ? { code: 'EPERM' } : decide(call, number);

  /** The calls, and the numbers of those between which an empty file stands there. */
  async function rehearseLinkless() {
    const attempt = await prepare(
      situation,
      orLinkless(() => 'done'),
    );
    await attempt.run();
    expect(await attempt.visible()).toEqual(content);
    const { calls } = attempt.operations;
    const reserving = calls.findIndex(({ operation, path }) => operation === 'open' && path === attempt.path);
    const placing = calls.findIndex(({ operation }) => operation === 'rename');
    expect(reserving).toBeGreaterThan(calls.findLastIndex(({ operation }) => operation === 'write'));
    expect(placing).toBe(reserving + 2);
    return { calls, reserving, placing };
  }

  it('has its bytes on the disk before anything stands under its name', async () => {
    const { reserving, ...rehearsal } = await rehearseLinkless();
    expect(fsync('file', rehearsal)[0]).toBeLessThan(reserving);
    const [before, after] = fsync('directory', rehearsal);
    expect(before).toBeLessThan(reserving);
    expect(after).toBeGreaterThan(rehearsal.placing);
  });

  it.each(['ENOSPC', 'EIO', 'EACCES'])('leaves nothing under its name after %s at any call', async (code) => {
    const { calls, placing } = await rehearseLinkless();
    for (const [faulty, { operation }] of calls.entries()) {
      if (operation === 'link') continue;
      const where = `${operation}, call ${faulty}`;
      const attempt = await prepare(
        situation,
        orLinkless((_, number) => (number === faulty ? { code } : 'done')),
      );
      await expect(attempt.run(), where).rejects.toMatchObject({ code: 'io', cause: { code } });
      await attempt.abort();
      expect(await attempt.visible(), where).toEqual(faulty > placing ? content : undefined);
      expect(await listLeftovers(attempt.path), where).toEqual([]);
    }
  });

  it('names the empty file that it has to leave', async () => {
    const attempt = await prepare(
      situation,
      orLinkless(({ operation, path }) =>
        operation === 'rename' || (operation === 'unlink' && !path.endsWith('.tmp')) ? { code: 'EIO' } : 'done',
      ),
    );
    await expect(attempt.run()).rejects.toMatchObject({
      message: expect.stringMatching(/output was not written, but an empty/),
    });
    await attempt.abort();
    expect(await attempt.visible()).toEqual(Buffer.alloc(0));
  });

  it('leaves alone what took the place of its empty file', async () => {
    let path = '';
    const attempt = await prepare(
      situation,
      orLinkless(({ operation }) => {
        if (operation !== 'rename') return 'done';
        rmSync(path);
        writeFileSync(path, old);
        return { code: 'EIO' };
      }),
    );
    path = attempt.path;
    await expect(attempt.run()).rejects.toMatchObject({ code: 'io' });
    await attempt.abort();
    expect(await attempt.visible()).toEqual(old);
  });

  it.each(['stop-before', 'stop-after'] as const)('never shows a part of its content: %s any call', async (fate) => {
    const { calls, reserving, placing } = await rehearseLinkless();
    for (const [faulty, { operation }] of calls.entries()) {
      if (operation === 'link') continue;
      const where = `${fate} ${operation}, call ${faulty}`;
      const attempt = await prepare(
        situation,
        orLinkless((_, number) => (number === faulty ? fate : 'done')),
      );
      const run = attempt.run();
      await Promise.race([attempt.operations.stopped, run.then(() => expect.unreachable(where))]);
      const done = fate === 'stop-after' ? faulty : faulty - 1;
      const reserved = done >= reserving && done < placing;
      const expected = reserved ? 0 : done >= placing ? content.length : undefined;
      const found = await lstat(attempt.path).then(
        ({ size }) => size,
        () => undefined,
      );
      expect(found, where).toBe(expected);
      // The whole of it is there, if not under its name.
      if (reserved) {
        expect((await lstat(attempt.path)).mode & 0o444, where).toBe(0);
        expect(await readFile((await listLeftovers(attempt.path))[0]!), where).toEqual(content);
      }
      await attempt.operations.end();
    }
  });
});
