import { lstat, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openDirectoryStore } from '../../src/objects/directory/open-directory-store.ts';
import type { ObjectStore } from '../../src/objects/object-store.ts';
import {
  beginUpload,
  collect,
  patternBytes,
  putBytes,
  quiet,
  readObject,
  storeParts,
} from '../contracts/object-store/bytes.ts';
import { expectBytes, expectCode } from '../contracts/object-store/ground.ts';
import { watchedOperations } from '../objects/watched-operations.ts';
import { noteFault } from '../support/fault-log.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

// P02: names that lead out of a folder, mean something to some system, or look like one another. To the directory store
// they are bytes in a catalogue: it makes no path of them.

const bucket = 'bucket';

/** Each must be an object of its own. */
function keysFor(outside: string): string[] {
  return [
    ...[
      '.',
      '..',
      '../',
      '../outside',
      '../../outside',
      `${'../'.repeat(40)}etc/passwd`,
      'a/../../outside',
      './a',
      'a/.',
    ],
    ...[outside, `/${outside}`, `file://${outside}`, '/', '//', '/etc/passwd', '~', '~root/x', '$HOME', '`id`', '-rf'],
    ...['..\\outside', '..\\..\\outside', 'C:\\outside', 'C:', '\\\\host\\share', '\\\\?\\C:\\x', 'a:stream'],
    ...['%2e%2e%2foutside', '%2E%2E/outside', '..%2foutside', '%252e%252e%252f', '%00', 'a%00b', '%c0%ae%c0%ae/'],
    // Overlong forms of `../` as decoders leave them that do not know better, and what stands for what cannot be decoded.
    ...[
      '\u00c0\u00ae\u00c0\u00ae/outside',
      '\ufffd\ufffd/outside',
      '\u2024\u2024/outside',
      '\uff0e\uff0e\uff0foutside',
    ],
    ...['\0', 'a\0', 'a\0b', '\0../outside', 'a\nb', 'a\r\nb', '\u001b[2J', '\u202egpj.exe', '\ufeffa', 'a\u200b'],
    ...['CON', 'con', 'NUL', 'nul.txt', 'PRN', 'AUX', 'COM1', 'LPT9', 'CONIN$', 'Thumbs.db', '.DS_Store'],
    ...['a', 'a.', 'a..', 'a ', ' a', 'a. .', 'a/', 'a//', 'a/b', 'a//b', 'A', 'A/', 'a/B'],
    ...[
      'caf\u00e9',
      'cafe\u0301',
      '\u00e5',
      '\u212b',
      'I',
      'i',
      '\u0130',
      '\u0131',
      '\u1e9e',
      '\u00df',
      'ss',
      '\ufb01',
      'fi',
    ],
    ...['catalogue.sqlite', 'catalogue.sqlite-wal', 'data', 'owners', '../data/x', 'x.tmp', '.sealpart', '__proto__'],
    ...['x'.repeat(255), 'x'.repeat(256), 'x'.repeat(1024), `${'d/'.repeat(511)}xy`, '\u{1f512}'.repeat(256)],
  ];
}

const badKeys = ['', 'x'.repeat(1025), '../'.repeat(342), '\u{1f512}'.repeat(257), '\ud800', '..\udc00/'];
const badBuckets = [
  '',
  '.',
  '..',
  '../outside',
  '/etc',
  'a/b',
  'a\\b',
  'C:',
  'bu\0cket',
  'bucket/',
  'Bucket',
  '%2e%2e',
  'con.',
];

/** Everything in and below a folder, but for one folder of it: kinds, modes, contents and times. */
async function snapshot(folder: string, except: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (path === except || path.startsWith(except + sep)) continue;
    const { mode, mtimeMs } = await lstat(path);
    const content = entry.isFile() ? await readFile(path, 'hex') : '';
    // A folder's time changes with what is made in it, which is seen by itself.
    found.set(relative(folder, path), `${mode} ${entry.isFile() ? mtimeMs : ''} ${content}`);
  }
  return found;
}

/** A store deep in a folder in which there is more than the store, and every path that the store touches. */
async function ground() {
  const folder = await temporaryDirectory();
  const root = join(folder, 'one', 'two', 'store');
  const outside = join(folder, 'one', 'outside');
  await mkdir(root, { recursive: true });
  for (const path of [join(folder, 'outside'), outside, join(folder, 'one', 'two', 'outside')]) {
    await writeFile(path, 'precious');
  }
  const touched = new Set<string>();
  const files = watchedOperations((_, path) => {
    if (path !== '') touched.add(path);
  });
  const store = await openDirectoryStore(root, { create: true, limits: { minPartBytes: 1 } }, { files });
  onTestFinished(() => store.close());
  await store.createBucket(bucket, quiet);
  const before = await snapshot(folder, root);
  const expectInside = async () => {
    expect(await snapshot(folder, root)).toEqual(before);
    for (const path of touched) expect(path).toMatch(ownPath(root));
    for (const name of await readdir(root, { recursive: true })) expect(join(root, name)).toMatch(ownPath(root));
  };
  return { root, outside, store, touched, expectInside };
}

/** What the store may call its files and folders. */
function ownPath(root: string): RegExp {
  const own = '|/catalogue\\.sqlite(-wal|-shm)?|/data(/[0-9a-f]{16}-[0-9a-f]{32}(\\.tmp)?)?|/owners(/[0-9a-f]{16})?';
  return new RegExp(`^${root.replaceAll(/[^\w/]/g, '\\$&')}(${own})$`);
}

/** Every call that takes a name, for a name that must be refused. */
function attemptsAt(store: ObjectStore, name: { readonly bucket: string; readonly key: string }): Promise<unknown>[] {
  const upload = { ...name, uploadId: '../../outside' };
  const bytes = patternBytes(1, 1);
  return [
    store.put(name, bytes, {}, {}, quiet),
    store.get(name, quiet),
    store.head(name, quiet),
    store.delete(name, quiet),
    store.createMultipart(name, {}, quiet),
    store.uploadPart(upload, 1, bytes, quiet),
    collect(store.listParts(upload, quiet)),
    store.completeMultipart(upload, [{ partNumber: 1, etag: 'x' }], {}, quiet),
    store.abortMultipart(upload, quiet),
  ];
}

describe('P02: names in the directory store', () => {
  it('any key is an object of its own, and nothing is made outside of the store', async () => {
    const { outside, store, touched, expectInside } = await ground();
    const keys = keysFor(outside);
    expect(new Set(keys).size).toBe(keys.length);
    for (const [seed, key] of keys.entries()) await putBytes(store, { bucket, key }, patternBytes(seed + 1, seed));
    for (const [seed, key] of keys.entries()) {
      expectBytes(await readObject(store, { bucket, key }), patternBytes(seed + 1, seed));
    }
    const { objects } = await store.list({ bucket }, quiet);
    expect(objects.map(({ key }) => key)).toEqual(
      keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
    );
    await expectInside();
    for (const key of keys) {
      await store.delete({ bucket, key }, quiet);
      await expectCode(store.head({ bucket, key }, quiet), 'not-found');
    }
    await expectInside();
    expect(touched.size).toBeGreaterThan(keys.length);
    noteFault({ id: 'P02', injected: 'odd keys put, read, deleted', reached: keys.length, outcome: 'opaque' });
  });

  it('any key names uploads of its own', async () => {
    const { outside, store, expectInside } = await ground();
    const keys = keysFor(outside);
    const uploads = new Map<string, Awaited<ReturnType<typeof beginUpload>>>();
    for (const key of keys) uploads.set(key, await beginUpload(store, { bucket, key }));
    for (const [seed, key] of keys.entries()) {
      const upload = uploads.get(key)!;
      const listed = await storeParts(store, upload, new Map([[1, patternBytes(seed + 1, seed)]]));
      if (seed % 3 === 0) await store.abortMultipart(upload, quiet);
      else await store.completeMultipart(upload, listed, {}, quiet);
    }
    for (const [seed, key] of keys.entries()) {
      if (seed % 3 === 0) await expectCode(store.head({ bucket, key }, quiet), 'not-found');
      else expectBytes(await readObject(store, { bucket, key }), patternBytes(seed + 1, seed));
    }
    await expectInside();
    noteFault({ id: 'P02', injected: 'odd keys uploaded', reached: keys.length, outcome: 'opaque' });
  });

  it('what cannot be a key or a bucket is refused by every call', async () => {
    const { store, touched, expectInside } = await ground();
    touched.clear();
    const names = [...badKeys.map((key) => ({ bucket, key })), ...badBuckets.map((bad) => ({ bucket: bad, key: 'k' }))];
    let reached = 0;
    for (const name of names) {
      for (const attempt of attemptsAt(store, name)) {
        await expectCode(attempt, 'bad-name');
        reached += 1;
      }
    }
    for (const bad of badBuckets) {
      await expectCode(store.createBucket(bad, quiet), 'bad-name');
      await expectCode(store.list({ bucket: bad }, quiet), 'bad-name');
      await expectCode(collect(store.listUploads(bad, quiet)), 'bad-name');
    }
    expect(touched.size).toBe(0);
    await expectInside();
    noteFault({ id: 'P02', injected: 'names that cannot be', reached, outcome: 'bad-name, nothing touched' });
  });

  it.each(['../../outside', '/etc/passwd', 'a\0b', '..', "'; DROP TABLE uploads; --", '%', '*'])(
    'the upload id %j names nothing',
    async (uploadId) => {
      const { store, touched, expectInside } = await ground();
      const upload = await beginUpload(store, { bucket, key: 'k' });
      touched.clear();
      const wrong = { ...upload, uploadId };
      await expectCode(store.uploadPart(wrong, 1, patternBytes(1, 1), quiet), 'not-found');
      await expectCode(collect(store.listParts(wrong, quiet)), 'not-found');
      await expectCode(store.completeMultipart(wrong, [{ partNumber: 1, etag: 'x' }], {}, quiet), 'not-found');
      await expectCode(store.abortMultipart(wrong, quiet), 'not-found');
      expect(await collect(store.listUploads(bucket, quiet))).toHaveLength(1);
      expect(touched.size).toBe(0);
      await expectInside();
      noteFault({ id: 'P02', injected: 'an upload id', reached: 4, outcome: 'not-found, nothing touched' });
    },
  );
});
