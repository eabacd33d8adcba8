import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { ChangeQueue } from '../../../src/objects/directory/change-queue.ts';
import { quiet } from '../../contracts/object-store/bytes.ts';
import { temporaryFolder } from '../store-folder.ts';

/** A database with a table of numbers, what it was told, and a second connection to it. */
async function openGround(onExec: (sql: string) => void = () => {}) {
  const path = join(await temporaryFolder(), 'numbers.sqlite');
  const database = new DatabaseSync(path, { timeout: 0 });
  const other = new DatabaseSync(path, { timeout: 0 });
  onTestFinished(() => {
    if (database.isOpen) database.close();
    other.close();
  });
  database.exec('PRAGMA journal_mode = WAL');
  database.exec('CREATE TABLE numbers (value INTEGER PRIMARY KEY) STRICT');
  const told: string[] = [];
  const watched = new Proxy(database, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        if (name === 'exec') {
          told.push(String(args[0]));
          onExec(String(args[0]));
        }
        return Reflect.apply(value, target, args) as unknown;
      };
    },
  });
  const insert = database.prepare('INSERT INTO numbers VALUES (?)');
  return {
    queue: new ChangeQueue('dir:test', watched),
    database,
    add: (value: number) => Number(insert.run(value).changes),
    /** As another connection sees them. */
    numbers: () =>
      other
        .prepare('SELECT value FROM numbers ORDER BY value')
        .all()
        .map((row) => Number(row.value)),
    commits: () => told.filter((sql) => sql === 'COMMIT').length,
    other,
  };
}

test('changes that wait at once share a commit, and keep their order and their answers', async () => {
  const { queue, add, numbers, commits } = await openGround();
  const order: number[] = [];
  const changes = Array.from({ length: 20 }, (_, index) =>
    queue.run(quiet, () => {
      order.push(index);
      return add(index) + index;
    }),
  );
  expect(await Promise.all(changes)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
  expect(order).toEqual(Array.from({ length: 20 }, (_, index) => index));
  expect(commits()).toBe(1);
  expect(numbers()).toHaveLength(20);
});

test('what is told is there for others to see', async () => {
  const { queue, add, numbers } = await openGround();
  const seen = await Promise.all([1, 2, 3].map((value) => queue.run(quiet, () => add(value)).then(numbers)));
  expect(seen).toEqual([
    [1, 2, 3],
    [1, 2, 3],
    [1, 2, 3],
  ]);
});

test('one that fails takes back what it did, and nothing of the others', async () => {
  const { queue, add, numbers, commits } = await openGround();
  const changes = [
    queue.run(quiet, () => add(1)),
    queue.run(quiet, () => {
      add(2);
      throw new Error('meant to fail');
    }),
    queue.run(quiet, () => add(1)),
    queue.run(quiet, () => add(3)),
  ];
  const outcomes = await Promise.allSettled(changes);
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
  expect(numbers()).toEqual([1, 3]);
  expect(commits()).toBe(1);
  expect(queue.inDoubt).toBe(false);
});

test('one that was cancelled meanwhile does not run', async () => {
  const { queue, add, numbers } = await openGround();
  const controller = new AbortController();
  const cancelled = queue.run(controller.signal, () => add(1));
  const kept = queue.run(quiet, () => add(2));
  controller.abort();
  await expect(cancelled).rejects.toMatchObject({ code: 'aborted' });
  await kept;
  expect(numbers()).toEqual([2]);
});

test('a commit that fails is no change of anybody, and leaves it in doubt', async () => {
  let armed = true;
  const { queue, add, numbers } = await openGround((sql) => {
    if (sql !== 'COMMIT' || !armed) return;
    armed = false;
    throw Object.assign(new Error('disk I/O error'), { code: 'ERR_SQLITE_ERROR', errcode: 10 });
  });
  const changes = [queue.run(quiet, () => add(1)), queue.run(quiet, () => add(2))];
  const outcomes = await Promise.allSettled(changes);
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(numbers()).toEqual([]);
  expect(queue.inDoubt).toBe(true);
  await queue.run(quiet, () => add(3));
  expect(numbers()).toEqual([3]);
});

test('a transaction that SQLite gives up is no change of anybody', async () => {
  const { queue, add, numbers, database } = await openGround();
  const changes = [
    queue.run(quiet, () => add(1)),
    queue.run(quiet, () => {
      database.exec('ROLLBACK');
      throw new Error('as SQLite does on a full disk');
    }),
    queue.run(quiet, () => add(2)),
  ];
  const outcomes = await Promise.allSettled(changes);
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  expect(numbers()).toEqual([]);
  await queue.run(quiet, () => add(3));
  expect(numbers()).toEqual([3]);
});

test('a lock that another holds is told to all who wait, and none has run', async () => {
  const { queue, add, numbers, other } = await openGround();
  other.exec('BEGIN IMMEDIATE');
  const changes = [queue.run(quiet, () => add(1)), queue.run(quiet, () => add(2))];
  for (const outcome of await Promise.allSettled(changes)) {
    expect(outcome).toMatchObject({ status: 'rejected', reason: { errcode: 5 } });
  }
  other.exec('ROLLBACK');
  await queue.run(quiet, () => add(3));
  expect(numbers()).toEqual([3]);
});

test('a queue of a database that was closed says so', async () => {
  const { queue, add, database } = await openGround();
  const change = queue.run(quiet, () => add(1));
  database.close();
  await expect(change).rejects.toMatchObject({ code: 'store', message: 'dir:test was closed.' });
});

test('a thousand changes at once take more than one transaction, and all come about', async () => {
  const { queue, add, numbers, commits } = await openGround();
  await Promise.all(Array.from({ length: 1000 }, (_, value) => queue.run(quiet, () => add(value))));
  expect(numbers()).toHaveLength(1000);
  expect(commits()).toBe(10);
});
