import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { AccessLog } from '../../src/cli/gateway-access-log.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { until } from './cli-process.ts';

const nothingFails = (what: string): void => {
  throw new Error(what);
};

it('writes lines behind those that are there, for its owner only', async () => {
  const path = join(await temporaryDirectory(), 'access.log');
  for (const line of ['one', 'two\n']) {
    const log = new AccessLog(path, nothingFails);
    log.write(line);
    await log.close();
  }
  expect(await readFile(path, 'utf8')).toBe('one\ntwo\n');
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

it('tells once that it cannot be written, and goes on without', async () => {
  const folder = await temporaryDirectory();
  const told: string[] = [];
  const log = new AccessLog(folder, (what) => told.push(what));
  log.write('one');
  await until(() => told.length > 0);
  log.write('two');
  expect(told).toEqual([expect.stringMatching(/^the access log cannot be written to .*: EISDIR/)]);
  log.reopen();
  await until(() => told.length > 1);
  await log.close();
  expect(told).toHaveLength(2);
});

it('drops what a slow disk does not take, and counts it', async () => {
  const path = join(await temporaryDirectory(), 'access.log');
  const told: string[] = [];
  const log = new AccessLog(path, (what) => told.push(what));
  const line = 'x'.repeat(2 ** 20 - 1);
  // In one turn nothing is written yet, as if the disk stood still.
  for (let i = 0; i < 20; i++) log.write(line);
  await until(async () => (await stat(path).catch(() => undefined))?.size === 9 * 2 ** 20);
  log.write('last');
  await log.close();
  expect(told).toEqual([`11 lines of the access log were dropped: ${path} is too slow`]);
  expect((await readFile(path, 'utf8')).endsWith('x\nlast\n')).toBe(true);
});
