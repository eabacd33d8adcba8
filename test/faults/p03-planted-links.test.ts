import { symlinkSync } from 'node:fs';
import { lstat, readdir, readFile, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { FileOperations } from '../../src/objects/directory/file-operations.ts';
import { openDirectoryStore } from '../../src/objects/directory/open-directory-store.ts';
import type { ObjectStore } from '../../src/objects/object-store.ts';
import { patternBytes, putBytes, quiet, readObject } from '../contracts/object-store/bytes.ts';
import { expectBytes, expectCode } from '../contracts/object-store/ground.ts';
import { changeCatalogue, dataFiles } from '../objects/store-folder.ts';
import { watchedOperations } from '../objects/watched-operations.ts';
import { noteFault } from '../support/fault-log.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

// P03: somebody who can write to the store's folder puts links there, or a catalogue that names what is elsewhere. The
// store neither reads, writes nor removes anything outside of its folder.

const bucket = 'bucket';
const k = { bucket, key: 'k' };
const precious = patternBytes(5000, 99);
const longAgo = new Date(1_000_000_000_000);

async function open(root: string, files?: FileOperations): Promise<ObjectStore> {
  const internals = files === undefined ? {} : { files };
  const store = await openDirectoryStore(root, { create: true, limits: { minPartBytes: 1 } }, internals);
  onTestFinished(() => store.close());
  return store;
}

/** A store with an object that is as long as the precious file elsewhere. */
async function ground() {
  const folder = await temporaryDirectory();
  const [root, elsewhere] = [join(folder, 'store'), join(folder, 'precious')];
  await writeFile(elsewhere, precious);
  await utimes(elsewhere, longAgo, longAgo);
  const before = await stat(elsewhere);
  const store = await open(root);
  await store.createBucket(bucket, quiet);
  await putBytes(store, k, patternBytes(precious.length, 1));
  const [file] = await dataFiles(root);
  const expectUntouched = async () => {
    const { mode, mtimeMs, ino, nlink, size } = await stat(elsewhere);
    expect({ mode, mtimeMs, ino, nlink, size }).toEqual({
      mode: before.mode,
      mtimeMs: before.mtimeMs,
      ino: before.ino,
      nlink: 1,
      size: precious.length,
    });
    expectBytes(await readFile(elsewhere), precious);
    expect((await readdir(folder)).sort()).toEqual(['precious', 'store']);
  };
  return { root, elsewhere, store, path: join(root, 'data', file!), expectUntouched };
}

describe('P03: links that were planted in a directory store', () => {
  it('in the place of a part: not read, and only the link is removed', async () => {
    const { elsewhere, store, path, expectUntouched } = await ground();
    await rm(path);
    await symlink(elsewhere, path);
    expect((await expectCode(store.get(k, quiet), 'store')).message).toContain('symbolic link');
    await expectUntouched();
    await store.delete(k, quiet);
    await expectUntouched();
    expect(await readdir(dirname(path))).toEqual([]);
    noteFault({ id: 'P03', injected: 'a link for a part', reached: 2, outcome: 'not followed' });
  });

  it.each(['create', 'rename'] as const)('where a part is about to be written, before its %s', async (step) => {
    const { root, elsewhere, store, expectUntouched } = await ground();
    await store.close();
    let planted = 0;
    const files = watchedOperations((reached, path) => {
      if (reached !== step || planted > 0) return;
      planted += 1;
      symlinkSync(elsewhere, step === 'rename' ? path.replace(/\.tmp$/, '') : path);
    });
    const writer = await open(root, files);
    const fresh = patternBytes(300, 3);
    if (step === 'create') await expectCode(putBytes(writer, k, fresh), 'store');
    else await putBytes(writer, k, fresh);
    expect(planted).toBe(1);
    await expectUntouched();
    // The next one is not stopped by it, and what is read was written here.
    await putBytes(writer, k, fresh);
    expectBytes(await readObject(writer, k), fresh);
    for (const name of await dataFiles(root)) expect((await lstat(join(root, 'data', name))).isFile()).toBe(true);
    await expectUntouched();
    noteFault({ id: 'P03', injected: `a link before ${step}`, reached: planted, outcome: 'not followed' });
  });

  it.each(['data', 'owners', 'catalogue.sqlite'])('in the place of %s: the store does not open', async (name) => {
    const { root, store, expectUntouched } = await ground();
    await store.close();
    const moved = await temporaryDirectory();
    await rename(join(root, name), join(moved, name));
    await symlink(join(moved, name), join(root, name));
    const before = (await readdir(moved, { recursive: true })).sort();
    expect((await expectCode(open(root), 'store')).message).toContain(join(root, name));
    expect((await readdir(moved, { recursive: true })).sort()).toEqual(before);
    await expectUntouched();
    noteFault({ id: 'P03', injected: `a link for ${name}`, reached: 1, outcome: 'refused at opening' });
  });

  it.each(['-wal', '-shm', '-journal'])('beside the catalogue (%s): the store does not open', async (suffix) => {
    const { root, elsewhere, store, expectUntouched } = await ground();
    await store.close();
    const beside = join(root, `catalogue.sqlite${suffix}`);
    await symlink(elsewhere, beside);
    expect((await expectCode(open(root), 'store')).message).toContain(beside);
    await expectUntouched();
    noteFault({ id: 'P03', injected: `a link for ${suffix}`, reached: 1, outcome: 'refused at opening' });
  });

  it('among the owners: not opened, not removed', async () => {
    const { root, elsewhere, store, expectUntouched } = await ground();
    await store.close();
    const owner = join(root, 'owners', '0123456789abcdef');
    await symlink(elsewhere, owner);
    const again = await open(root);
    await putBytes(again, k, patternBytes(10, 2));
    await again.close();
    await expectUntouched();
    expect(await readdir(join(root, 'owners'))).toEqual(['0123456789abcdef']);
    noteFault({ id: 'P03', injected: 'a link for an owner', reached: 1, outcome: 'left alone' });
  });

  it('beside the lock of an owner that died: not followed', async () => {
    const { root, elsewhere, store, expectUntouched } = await ground();
    await store.close();
    const owner = join(root, 'owners', '0123456789abcdef');
    await writeFile(owner, '');
    for (const suffix of ['-journal', '-wal', '-shm']) await symlink(elsewhere, owner + suffix);
    const again = await open(root);
    await putBytes(again, k, patternBytes(10, 2));
    await again.close();
    await expectUntouched();
    expect(await readdir(join(root, 'owners'))).not.toContain('0123456789abcdef');
    noteFault({ id: 'P03', injected: 'links beside a lock', reached: 1, outcome: 'not followed' });
  });

  it.each(['link', 'folder'])('%s among the files of an owner that died: not followed', async (kind) => {
    const { root, elsewhere, store, expectUntouched } = await ground();
    await store.close();
    await writeFile(join(root, 'owners', '0123456789abcdef'), '');
    const name = `0123456789abcdef-${'0'.repeat(32)}`;
    const strange = join(root, 'data', '0123456789abcdef-strange');
    await symlink(kind === 'link' ? elsewhere : dirname(elsewhere), join(root, 'data', name));
    await symlink(elsewhere, strange);
    const again = await open(root);
    await again.close();
    await expectUntouched();
    // What the dead one may have written is cleared away; what it never wrote is nobody's business.
    const left = await dataFiles(root);
    expect(left).not.toContain(name);
    expect(left).toContain('0123456789abcdef-strange');
    noteFault({ id: 'P03', injected: `a ${kind} of a dead owner`, reached: 1, outcome: 'link removed, not followed' });
  });
});

describe('P03: a catalogue that names files which the store never made', () => {
  const strangeNames = ['../../precious', '../precious', '../catalogue.sqlite', '/etc/hostname', '', '.', '..', 'a/b'];

  it.each(strangeNames)('%j as the file of a part: not read', async (name) => {
    const { root, store, expectUntouched } = await ground();
    changeCatalogue(root, `UPDATE parts SET file = '${name}'`);
    expect((await expectCode(store.get(k, quiet), 'store')).message).toContain('damaged');
    await expectUntouched();
    noteFault({ id: 'P03', injected: 'a path for a part', reached: 1, outcome: 'refused' });
  });

  it.each(strangeNames.filter((name) => name !== ''))('%j as a file to be removed: not removed', async (name) => {
    const { root, store, path, expectUntouched } = await ground();
    await store.close();
    changeCatalogue(root, `INSERT INTO doomed VALUES ('${name}')`);
    expect((await expectCode(open(root), 'store')).message).toContain('damaged');
    await expectUntouched();
    expect(await readdir(dirname(path))).toHaveLength(1);
    expect(await readdir(root)).toContain('catalogue.sqlite');
    noteFault({ id: 'P03', injected: 'a path to be removed', reached: 1, outcome: 'refused at opening' });
  });
});
