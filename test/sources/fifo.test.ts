import { constants } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openFifo } from '../../src/sources/fifo.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

it('what is no named pipe any more when it is opened is refused, and closed again', async () => {
  const path = join(await temporaryDirectory(), 'file');
  await writeFile(path, '');
  const before = (await readdir('/proc/self/fd')).length;
  await expect(openFifo(path, constants.O_RDONLY)).rejects.toMatchObject({ code: 'io' });
  await expect(openFifo(path, constants.O_WRONLY)).rejects.toMatchObject({ code: 'io' });
  expect((await readdir('/proc/self/fd')).length).toBe(before);
});
