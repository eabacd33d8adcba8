import { execFileSync } from 'node:child_process';
import { createSecretKey, randomBytes } from 'node:crypto';
import { chmod, link, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openHostKeys } from '../../src/manifest/open-host-keys.ts';
import { expectCode, newId, quiet } from '../contracts/upload-manifest-ground.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const newKey = () => createSecretKey(randomBytes(32));
const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);

async function keysFolder(): Promise<string> {
  return join(await temporaryDirectory(), 'state', 'host-keys');
}

describe('host keys', () => {
  test('are kept for this user alone, found by others who open the folder, and erased', async () => {
    const folder = await keysFolder();
    const keys = openHostKeys(folder);
    const [id, neighbour] = [newId(), newId()];
    const key = newKey();
    expect(await keys.find(id, quiet)).toBeUndefined();
    await keys.erase(id, quiet);
    await keys.keep(id, key, quiet);
    await keys.keep(neighbour, newKey(), quiet);
    expect(await readFile(join(folder, id), 'latin1')).toBe(`${key.export().toString('hex')}\n`);
    expect([await modeOf(folder), await modeOf(join(folder, id))]).toEqual(['700', '600']);
    expect((await openHostKeys(folder).find(id, quiet))?.equals(key)).toBe(true);
    await keys.erase(id, quiet);
    await keys.erase(id, quiet);
    expect(await keys.find(id, quiet)).toBeUndefined();
    expect(await readdir(folder)).toEqual([neighbour]);
  });

  test('are overwritten when they are erased', async () => {
    const folder = await keysFolder();
    const keys = openHostKeys(folder);
    const id = newId();
    await keys.keep(id, newKey(), quiet);
    const second = join(folder, 'second-name');
    await link(join(folder, id), second);
    await keys.erase(id, quiet);
    expect(await readFile(second)).toEqual(Buffer.alloc(65));
  });

  test('are one an upload', async () => {
    const keys = openHostKeys(await keysFolder());
    const id = newId();
    const key = newKey();
    await keys.keep(id, key, quiet);
    await keys.keep(id, key, quiet);
    await expectCode(keys.keep(id, newKey(), quiet), 'exists');
    expect((await keys.find(id, quiet))?.equals(key)).toBe(true);
  });

  test('of another shape are refused', async () => {
    const folder = await keysFolder();
    const keys = openHostKeys(folder);
    await expect(keys.keep(newId(), createSecretKey(randomBytes(16)), quiet)).rejects.toThrow(RangeError);
    for (const id of ['', '../escape', `${newId()}/x`, newId().slice(1)]) {
      await expect(keys.keep(id, newKey(), quiet)).rejects.toThrow(RangeError);
      await expect(keys.find(id, quiet)).rejects.toThrow(RangeError);
      await expect(keys.erase(id, quiet)).rejects.toThrow(RangeError);
    }
  });

  test('are left alone by a call whose signal has fired', async () => {
    const keys = openHostKeys(await keysFolder());
    const id = newId();
    await expectCode(keys.keep(id, newKey(), AbortSignal.abort()), 'aborted');
    expect(await keys.find(id, quiet)).toBeUndefined();
    await keys.keep(id, newKey(), quiet);
    await expectCode(keys.find(id, AbortSignal.abort()), 'aborted');
    await expectCode(keys.erase(id, AbortSignal.abort()), 'aborted');
    expect(await keys.find(id, quiet)).toBeDefined();
  });
});

describe('what others could have read or planted is refused:', () => {
  test('a folder that is open to others', async () => {
    const folder = await keysFolder();
    await mkdir(folder, { recursive: true });
    await chmod(folder, 0o755);
    const error = await expectCode(openHostKeys(folder).keep(newId(), newKey(), quiet), 'manifest');
    expect(error.message).toMatch(/open to other users \(mode 755\): .* 0700/);
    expect(await readdir(folder)).toEqual([]);
  });

  test('a folder that is a symbolic link', async () => {
    const folder = await keysFolder();
    const elsewhere = await temporaryDirectory();
    await mkdir(join(folder, '..'), { recursive: true });
    await symlink(elsewhere, folder);
    await expectCode(openHostKeys(folder).keep(newId(), newKey(), quiet), 'manifest');
    expect(await readdir(elsewhere)).toEqual([]);
  });

  test('a key that is open to others', async () => {
    const folder = await keysFolder();
    const keys = openHostKeys(folder);
    const id = newId();
    await keys.keep(id, newKey(), quiet);
    await chmod(join(folder, id), 0o640);
    const error = await expectCode(keys.find(id, quiet), 'manifest');
    expect(error.message).toMatch(/mode 640.* 0600/);
    await keys.erase(id, quiet);
    expect(await readdir(folder)).toEqual([]);
  });

  test('a symbolic link, which is neither read, written nor erased through', async () => {
    const folder = await keysFolder();
    const keys = openHostKeys(folder);
    await keys.keep(newId(), newKey(), quiet);
    const target = join(await temporaryDirectory(), 'target');
    const text = `${'ab'.repeat(32)}\n`;
    await writeFile(target, text, { mode: 0o600 });
    const id = newId();
    await symlink(target, join(folder, id));
    const calls = [() => keys.find(id, quiet), () => keys.keep(id, newKey(), quiet), () => keys.erase(id, quiet)];
    for (const call of calls) {
      expect((await expectCode(call(), 'manifest')).message).toContain('symbolic link');
    }
    expect(await readFile(target, 'latin1')).toBe(text);
  });

  test('a FIFO, which nobody waits for', async () => {
    const folder = await keysFolder();
    const keys = openHostKeys(folder);
    await keys.keep(newId(), newKey(), quiet);
    const id = newId();
    execFileSync('mkfifo', ['-m', '600', join(folder, id)]);
    await expectCode(keys.find(id, quiet), 'manifest');
    await expectCode(keys.erase(id, quiet), 'manifest');
  });

  test.each([
    ['half a key', 'ab'.repeat(16)],
    ['a key in capitals', `${'AB'.repeat(32)}\n`],
    ['one digit too many', `${'ab'.repeat(32)}a`],
    ['more than a key', `${'ab'.repeat(32)}\n\n`],
    ['zeros', '\0'.repeat(65)],
    ['nothing', ''],
  ])('a file that holds %s', async (_, text) => {
    const folder = await keysFolder();
    const keys = openHostKeys(folder);
    await keys.keep(newId(), newKey(), quiet);
    const id = newId();
    await writeFile(join(folder, id), text, { mode: 0o600 });
    const error = await expectCode(keys.find(id, quiet), 'manifest-corrupt');
    expect(error.message).toContain('begin the upload anew');
    await keys.erase(id, quiet);
    expect(await keys.find(id, quiet)).toBeUndefined();
  });
});
