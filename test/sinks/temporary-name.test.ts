import { readdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listLeftovers, removeLeftovers, temporaryPath } from '../../src/sinks/temporary-name.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

describe('a temporary name', () => {
  it('stands beside the target, shows whose it is, and is new each time', () => {
    const path = temporaryPath('/srv/data/backup.tar');
    expect(dirname(path)).toBe('/srv/data');
    expect(basename(path)).toMatch(/^\.backup\.tar\.sealpart-[0-9a-f]{8}\.tmp$/);
    expect(temporaryPath('/srv/data/backup.tar')).not.toBe(path);
  });

  it.each(['x'.repeat(255), 'é'.repeat(127), '€'.repeat(85), '😀'.repeat(63)])(
    'fits into a directory for %s',
    (name) => {
      const temporary = basename(temporaryPath(`/tmp/${name}`));
      expect(Buffer.byteLength(temporary)).toBeLessThanOrEqual(255);
      expect(Buffer.byteLength(temporary)).toBeGreaterThan(251);
      expect(Buffer.from(temporary).toString()).toBe(temporary);
    },
  );
});

describe('what writers left behind', () => {
  it('is found by the name of the target, and nothing else is', async () => {
    const directory = await temporaryDirectory();
    const target = join(directory, 'a.b');
    const own = [temporaryPath(target), temporaryPath(target)].toSorted();
    const others = [
      temporaryPath(join(directory, 'a')),
      temporaryPath(join(directory, 'axb')),
      join(directory, '.a.b.sealpart-0123456.tmp'),
      join(directory, '.a.b.sealpart-012345678.tmp'),
      join(directory, '.a.b.sealpart-0123456g.tmp'),
      join(directory, '.a.b.sealpart-01234567.tmp.txt'),
      target,
    ];
    for (const path of [...own, ...others]) await writeFile(path, '');
    expect(await listLeftovers(target)).toEqual(own);
    expect(await removeLeftovers(target, 60_000)).toEqual([]);
    expect(await removeLeftovers(target, 0)).toEqual(own);
    expect((await readdir(directory)).length).toBe(others.length);
  });

  it('cannot be found where there is no directory', async () => {
    await expect(listLeftovers('/no/such/directory/file')).rejects.toMatchObject({
      code: 'io',
      message: expect.stringContaining('/no/such/directory'),
    });
  });
});
