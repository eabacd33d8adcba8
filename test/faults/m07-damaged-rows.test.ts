import { createSecretKey, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { partMac, partMacMatches, uploadMac, uploadMacMatches } from '../../src/crypto/manifest-records.ts';
import { SealpartError } from '../../src/errors.ts';
import { encodePart, partColumns } from '../../src/manifest/part-row.ts';
import { rowSum } from '../../src/manifest/row.ts';
import { openSqliteManifest } from '../../src/manifest/sqlite/open-sqlite-manifest.ts';
import type { NewUpload, PartItem, UploadItem, UploadManifest } from '../../src/manifest/upload-manifest.ts';
import { encodeUpload, uploadColumns } from '../../src/manifest/upload-row.ts';
import { collect, expectCode, newClaim, newPart, newUpload, quiet } from '../contracts/upload-manifest-ground.ts';
import { manifestPath, openDirectly, openManifest } from '../manifest/manifest-file.ts';
import { noteFault } from '../support/fault-log.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

// M07: rows that are not what was written. What a disk does is told by a checksum, and what somebody does who can
// calculate one fails its MAC.

const manifestKey = createSecretKey(Buffer.alloc(32, 1));
const coreHash = Buffer.alloc(32, 2);

function authenticatedPart(partNumber: number, told: Partial<PartItem> = {}): PartItem {
  const secrets = { clientEtag: randomBytes(48), clientChecksums: randomBytes(40) };
  const part = newPart(partNumber, { ...secrets, ...told });
  return { ...part, mac: partMac(manifestKey, coreHash, part) };
}

interface Ground {
  readonly path: string;
  readonly manifest: UploadManifest;
  readonly upload: UploadItem;
  readonly parts: readonly PartItem[];
  /** The file, behind the manifest's back. */
  readonly database: DatabaseSync;
}

async function lay(told: Partial<NewUpload> = {}): Promise<Ground> {
  const path = await manifestPath();
  const manifest = await openManifest(path);
  const { id } = await manifest.create(newUpload({ resumeItem: randomBytes(68), ...told }), newClaim(), 5, quiet);
  const uploadId = 'the store calls it so';
  const record = { ...(await manifest.find(id, quiet))!, uploadId };
  const created = { uploadId, mac: uploadMac(manifestKey, coreHash, record) };
  const upload = await manifest.change(id, 1, { created, state: 'open' }, 6, quiet);
  const parts = [1, 2, 3].map((number) => authenticatedPart(number));
  for (const part of parts) await manifest.putPart(id, part, quiet);
  return { path, manifest, upload, parts, database: openDirectly(path) };
}

const headIsGood = (item: UploadItem) =>
  uploadMacMatches(manifestKey, coreHash, { ...item, uploadId: item.uploadId ?? '' }, item.mac!);
const partIsGood = (item: PartItem) => partMacMatches(manifestKey, coreHash, item, item.mac);

/** The value with one bit turned over, of the same type. */
function flipped(value: unknown, bit: number): string | bigint | Uint8Array {
  if (typeof value === 'bigint') return value ^ (1n << BigInt(bit % 40));
  const bytes = new Uint8Array(typeof value === 'string' ? Buffer.from(value) : (value as Uint8Array));
  const position = Math.floor(bit / 8) % bytes.length;
  bytes[position] = bytes[position]! ^ (1 << (bit % 8));
  return bytes;
}

/** Writes a bit-flipped value of a column into the one row that `where` finds, and puts the old one back at `undo`. */
function flip(database: DatabaseSync, table: string, column: string, where: string, bit: number) {
  const reading = database.prepare(`SELECT ${column} AS value FROM ${table} WHERE ${where}`);
  reading.setReadBigInts(true);
  const rowid =
    table === 'uploads'
      ? `rowid = ${database.prepare(`SELECT rowid AS r FROM uploads WHERE ${where}`).get()!.r}`
      : where;
  const { value } = reading.get()!;
  // A text that is not UTF-8 any more gets in as what it is.
  const set = typeof value === 'string' ? 'CAST(? AS TEXT)' : '?';
  const write = (written: unknown) =>
    database.prepare(`UPDATE ${table} SET ${column} = ${set} WHERE ${rowid}`).run(written as Uint8Array);
  write(flipped(value, bit));
  return { undo: () => write(typeof value === 'string' ? Buffer.from(value) : value) };
}

const bits = [0, 3, 6, 8, 21, 38, 61];

describe('M07: a bit that turned over is told, with the upload and the part,', () => {
  test('in any other column of an upload than its id', async () => {
    const { manifest, upload, database } = await lay();
    let reached = 0;
    for (const column of uploadColumns.filter((name) => name !== 'id')) {
      for (const bit of bits) {
        reached += 1;
        const { undo } = flip(database, 'uploads', column, `id = '${upload.id}'`, bit);
        const error = await expectCode(manifest.find(upload.id, quiet), 'manifest-corrupt');
        expect(error.message).toContain(`upload ${upload.id}`);
        expect(error.message).toContain('restore the manifest from a copy');
        await expectCode(collect(manifest.list({}, quiet)), 'manifest-corrupt');
        if (column !== 'epoch') await expectCode(manifest.change(upload.id, 1, {}, 9, quiet), 'manifest-corrupt');
        undo();
        expect(headIsGood((await manifest.find(upload.id, quiet))!), `${column} undone`).toBe(true);
      }
    }
    noteFault({
      id: 'M07',
      injected: 'a bit turned over in each column of a head',
      reached,
      outcome: 'manifest-corrupt',
    });
  });

  test('in the id of an upload, which is not found then', async () => {
    const { manifest, upload, database } = await lay();
    flip(database, 'uploads', 'id', `id = '${upload.id}'`, 3);
    expect(await manifest.find(upload.id, quiet)).toBeUndefined();
    await expectCode(collect(manifest.list({}, quiet)), 'manifest-corrupt');
  });

  test('in any other column of a part than its name', async () => {
    const { manifest, upload, database } = await lay();
    let reached = 0;
    for (const column of partColumns.filter((name) => name !== 'upload' && name !== 'number')) {
      for (const bit of bits) {
        reached += 1;
        const { undo } = flip(database, 'parts', column, `upload = '${upload.id}' AND number = 2`, bit);
        const error = await expectCode(collect(manifest.parts(upload.id, quiet)), 'manifest-corrupt');
        expect(error.message).toContain(`part 2 of upload ${upload.id}`);
        undo();
        const parts = await collect(manifest.parts(upload.id, quiet));
        expect(parts.map(partIsGood), `${column} undone`).toEqual([true, true, true]);
      }
    }
    noteFault({
      id: 'M07',
      injected: 'a bit turned over in each column of a part',
      reached,
      outcome: 'manifest-corrupt',
    });
  });

  test('in the number of a part', async () => {
    const { manifest, upload, database } = await lay();
    flip(database, 'parts', 'number', `upload = '${upload.id}' AND number = 2`, 3);
    const error = await expectCode(collect(manifest.parts(upload.id, quiet)), 'manifest-corrupt');
    expect(error.message).toContain(`part 10 of upload ${upload.id}`);
  });

  test('and hides no other upload', async () => {
    const { manifest, upload, database } = await lay({ createdMs: 1 });
    const other = await manifest.create(newUpload({ createdMs: 2 }), newClaim(), 5, quiet);
    flip(database, 'uploads', 'source_path', `id = '${upload.id}'`, 3);
    const seen: string[] = [];
    const listing = (async () => {
      for await (const { id } of manifest.list({}, quiet)) seen.push(id);
    })();
    await expectCode(listing, 'manifest-corrupt');
    expect(seen).toEqual([other.id]);
  });

  test('and what is damaged can be entered anew or removed', async () => {
    const { manifest, upload, database } = await lay();
    flip(database, 'parts', 'etag', `upload = '${upload.id}' AND number = 2`, 3);
    flip(database, 'parts', 'mac', `upload = '${upload.id}' AND number = 3`, 3);
    await manifest.putPart(upload.id, authenticatedPart(2), quiet);
    await manifest.removePart(upload.id, 3, 1, quiet);
    const parts = await collect(manifest.parts(upload.id, quiet));
    expect(parts.map((part) => [part.partNumber, partIsGood(part)])).toEqual([
      [1, true],
      [2, true],
    ]);
    flip(database, 'uploads', 'source_path', `id = '${upload.id}'`, 3);
    await manifest.remove(upload.id, 1, quiet);
    expect(await manifest.find(upload.id, quiet)).toBeUndefined();
  });
});

describe('M07: what was written by another hand, with a checksum that is right,', () => {
  function writePart(database: DatabaseSync, uploadId: string, part: PartItem): void {
    const row = encodePart(uploadId, part);
    const values = partColumns.map((column) => row[column]);
    const places = partColumns.map(() => '?').join();
    database.prepare(`INSERT OR REPLACE INTO parts (${partColumns}) VALUES (${places})`).run(...values);
  }

  const turn = (bytes: Uint8Array) => flipped(bytes, 5) as Uint8Array;
  const partChanges: readonly [string, (part: PartItem) => Partial<PartItem>][] = [
    ['attempt', ({ attempt }) => ({ attempt: turn(attempt) })],
    ['etag', () => ({ etag: 'another' })],
    ['checksum', () => ({ checksum: '' })],
    ['client ETag', ({ clientEtag }) => ({ clientEtag: turn(clientEtag) })],
    ['client checksums', ({ clientChecksums }) => ({ clientChecksums: turn(clientChecksums) })],
    ['mac', ({ mac }) => ({ mac: turn(mac) })],
    ['segment order', ({ segments }) => ({ segments: [...segments, ...segments] })],
    ['absent segments', () => ({ segments: [] })],
    ['segment salt', ({ segments: [first] }) => ({ segments: [{ ...first!, salt: turn(first!.salt) }] })],
    ['segment digest', ({ segments: [first] }) => ({ segments: [{ ...first!, digest: turn(first!.digest) }] })],
    ['segment index', ({ segments: [first] }) => ({ segments: [{ ...first!, segmentIndex: 9 }] })],
    ['content length', ({ segments: [first] }) => ({ segments: [{ ...first!, contentLength: 9 }] })],
    ['total length', ({ segments: [first] }) => ({ segments: [{ ...first!, totalLength: 9 }] })],
    ['number', () => ({ partNumber: 1 })],
  ];

  test('fails the MAC of the part, whatever of it was changed', async () => {
    const { manifest, upload, parts, database } = await lay();
    for (const [what, change] of partChanges) {
      const forged = { ...parts[1]!, ...change(parts[1]!) };
      writePart(database, upload.id, forged);
      for (const part of await collect(manifest.parts(upload.id, quiet))) {
        expect(partIsGood(part), what).toBe(part.partNumber !== forged.partNumber);
      }
      for (const part of parts) writePart(database, upload.id, part);
    }
    const reached = partChanges.length;
    noteFault({ id: 'M07', injected: 'parts changed with a right checksum', reached, outcome: 'MAC does not match' });
  });

  test('fails the MAC of the part: one of another upload', async () => {
    const { manifest, upload, database } = await lay();
    const foreign = newPart(2);
    writePart(database, upload.id, { ...foreign, mac: partMac(manifestKey, Buffer.alloc(32, 3), foreign) });
    const found = await collect(manifest.parts(upload.id, quiet));
    expect(found.map(partIsGood)).toEqual([true, false, true]);
  });

  test('is not seen in the MAC of a part: its epoch alone', async () => {
    const { manifest, upload, parts, database } = await lay();
    writePart(database, upload.id, { ...parts[1]!, epoch: 7 });
    const found = await collect(manifest.parts(upload.id, quiet));
    expect(found.map(partIsGood)).toEqual([true, true, true]);
  });

  const headChanges: readonly [string, Partial<UploadItem>, boolean][] = [
    ['stream header', { streamHeader: Buffer.alloc(300) }, false],
    ['upload id', { uploadId: 'another' }, false],
    ['bucket', { bucket: 'another' }, false],
    ['key', { key: 'another' }, false],
    ['source fingerprint', { sourceFingerprint: 'another' }, false],
    ['mac', { mac: Buffer.alloc(32) }, false],
    // docs/format.md §10: who writes the manifest can stall or abort an upload, not corrupt an object.
    ['state', { state: 'aborting' }, true],
    ['epoch', { epoch: 7 }, true],
    ['owner', { owner: 'eve' }, true],
    ['lease', { leaseUntilMs: 2 ** 45 }, true],
    ['source path', { sourcePath: '/etc/passwd' }, true],
  ];

  test('fails the MAC of the upload, except in what changes as it goes', async () => {
    const { manifest, upload, database } = await lay();
    const places = uploadColumns.map(() => '?').join();
    const write = database.prepare(`INSERT OR REPLACE INTO uploads (${uploadColumns}) VALUES (${places})`);
    for (const [what, change, isGood] of headChanges) {
      const row = encodeUpload({ ...upload, ...change });
      write.run(...uploadColumns.map((column) => row[column]));
      expect(headIsGood((await manifest.find(upload.id, quiet))!), what).toBe(isGood);
    }
  });

  test('is refused where it cannot be an item at all', async () => {
    const { manifest, upload, parts, database } = await lay();
    const where = `upload = '${upload.id}' AND number = 2`;
    const forms: readonly [column: (typeof partColumns)[number], value: bigint | Uint8Array][] = [
      ['segments', new Uint8Array(59)],
      ['attempt', new Uint8Array(7)],
      ['mac', new Uint8Array(31)],
      ['epoch', 0n],
      ['epoch', 2n ** 60n],
    ];
    for (const [column, value] of forms) {
      const row = { ...encodePart(upload.id, parts[1]!), [column]: value };
      const contents = partColumns.filter((name) => name !== 'sum');
      database.prepare(`UPDATE parts SET ${column} = ?, sum = ? WHERE ${where}`).run(value, rowSum(row, contents));
      const error = await expectCode(collect(manifest.parts(upload.id, quiet)), 'manifest-corrupt');
      expect(error.message).toContain(column);
      writePart(database, upload.id, parts[1]!);
    }
  });
});

test('M07: whatever happens to the bytes of the file, each answer is right or an error that says so', async () => {
  const { path, manifest, upload, parts } = await lay();
  for (let number = 4; number <= 60; number++) await manifest.putPart(upload.id, authenticatedPart(number), quiet);
  await manifest.close();
  const good = await readFile(path);
  const folder = await temporaryDirectory();
  const seen = { right: 0, refused: 0 };
  let state = 1;
  const next = (limit: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 4) % limit;
  };
  for (let round = 0; round < 60; round++) {
    const damagedPath = join(folder, `${round}.db`);
    const bytes = Buffer.from(good);
    for (let count = 1 + next(6); count > 0; count--) bytes[next(bytes.length)]! ^= 1 << next(8);
    await writeFile(damagedPath, bytes);
    try {
      await useAll(damagedPath, upload.id, parts[0]!);
      seen.right += 1;
    } catch (error) {
      expect(error).toBeInstanceOf(SealpartError);
      const { code, message } = error as SealpartError;
      expect(['manifest', 'manifest-corrupt', 'not-found', 'owned']).toContain(code);
      expect(message).toMatch(/^[^\n\0]+: [^\n\0]{10,}$/);
      seen.refused += 1;
    }
  }
  expect(seen.right).toBeGreaterThan(0);
  expect(seen.refused).toBeGreaterThan(20);
  const outcome = `${seen.refused} refused, ${seen.right} right`;
  noteFault({ id: 'M07', injected: 'bits of the file turned over', reached: seen.refused + seen.right, outcome });
});

/** Opens a file that may be damaged and makes calls of every kind, all of whose answers must be right. */
async function useAll(path: string, id: string, part: PartItem): Promise<void> {
  const manifest = await openSqliteManifest(path);
  try {
    const head = await manifest.find(id, quiet);
    if (head !== undefined) expect(headIsGood(head)).toBe(true);
    for await (const found of manifest.parts(id, quiet)) expect(partIsGood(found)).toBe(true);
    await collect(manifest.list({}, quiet));
    await manifest.putPart(id, part, quiet);
    await manifest.change(id, 1, { state: 'completing' }, 9, quiet);
    await manifest.remove(id, 1, quiet);
  } finally {
    await manifest.close();
  }
}
