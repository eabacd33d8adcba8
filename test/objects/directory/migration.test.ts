import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { createTables, inspectCatalogue } from '../../../src/objects/directory/catalogue-schema.ts';
import { collect, patternBytes, quiet, readObject } from '../../contracts/object-store/bytes.ts';
import { expectBytes, expectCode } from '../../contracts/object-store/ground.ts';
import { moduleUrl, runScript } from '../../support/run-script.ts';
import { changeCatalogue, expectSound, openStore, queryCatalogue, temporaryFolder } from '../store-folder.ts';
import { firstStore, makeFirstStore } from './first-schema.ts';

const { object, bytes, etag, metadata, tags, upload, part } = firstStore;

/** Every table with its columns, indices and triggers, as SQLite knows them. */
function schemaOf(root: string): unknown {
  const names = queryCatalogue(root, 'SELECT type, name, tbl_name FROM sqlite_schema ORDER BY name');
  const columns = names
    .filter(({ type }) => type === 'table')
    .map(({ name }) => queryCatalogue(root, `PRAGMA table_xinfo('${String(name)}')`));
  return { names, columns, version: queryCatalogue(root, 'PRAGMA user_version') };
}

test('a store of the first version opens with all it holds, and then has what a new one has', async () => {
  const root = await temporaryFolder();
  await makeFirstStore(root);
  const store = await openStore(root, { create: false });
  expect(await store.head(object, quiet)).toMatchObject({ etag, metadata, tags, sizeBytes: 1000 });
  expectBytes(await readObject(store, object), bytes);
  expect(await collect(store.listUploads(object.bucket, quiet))).toMatchObject([upload]);
  await store.completeMultipart(upload, [{ partNumber: 1, etag: part.etag }], {}, quiet);
  expectBytes(await readObject(store, upload), part.bytes);
  expect((await store.head(upload, quiet)).metadata).toEqual(metadata);

  const headers = { 'content-type': 'text/plain' };
  await store.put(object, patternBytes(3, 3), { headers }, {}, quiet);
  expect((await store.head(object, quiet)).headers).toEqual(headers);
  const body = Buffer.from('<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>');
  const request = { operation: 'PutBucketTagging', method: 'PUT', query: new Map(), headers: {}, body };
  await store.ask({ ...request, bucket: object.bucket }, quiet);
  await store.close();
  await expectSound(root);

  const fresh = await temporaryFolder();
  await (await openStore(fresh)).close();
  expect(schemaOf(root)).toEqual(schemaOf(fresh));
});

test('what fails on the way leaves the first version', async () => {
  const root = await temporaryFolder();
  await makeFirstStore(root);
  // Another hand made the table that is to be made last.
  changeCatalogue(root, 'CREATE TABLE bucket_documents (x)');
  const before = schemaOf(root);
  await expect(openStore(root)).rejects.toThrow(/bucket_documents/);
  expect(schemaOf(root)).toEqual(before);
  changeCatalogue(root, 'DROP TABLE bucket_documents');
  const store = await openStore(root);
  expectBytes(await readObject(store, object), bytes);
});

test('processes that open an old store at once all have it', async () => {
  const root = await temporaryFolder();
  await makeFirstStore(root);
  const startMs = Date.now() + 1000;
  const script = `
    import { openDirectoryStore } from ${moduleUrl('src/objects/directory/open-directory-store.ts')};
    while (Date.now() < ${startMs});
    const store = await openDirectoryStore(${JSON.stringify(root)}, { create: false });
    const { signal } = new AbortController();
    await store.put({ bucket: 'bucket', key: 'from-' + process.pid }, new Uint8Array(1), {}, {}, signal);
    await store.close();
  `;
  const runs = await Promise.all(Array.from({ length: 4 }, () => runScript(script)));
  for (const { exitCode, stderr } of runs) expect([exitCode, stderr]).toEqual([0, '']);
  const store = await openStore(root);
  expect((await store.list({ bucket: 'bucket' }, quiet)).objects).toHaveLength(5);
});

test('a version that is yet to come is refused, and left as it is', async () => {
  const root = await temporaryFolder();
  await (await openStore(root)).close();
  changeCatalogue(root, 'PRAGMA user_version = 3');
  const error = await expectCode(openStore(root), 'store');
  expect(error.message).toContain('has schema 3, and this version of sealpart knows 2 at most');
  expect(queryCatalogue(root, 'PRAGMA user_version')).toEqual([{ user_version: 3 }]);
});

test('a file of the first version is known for what it is', async () => {
  const root = await temporaryFolder();
  await makeFirstStore(root);
  const path = join(root, 'catalogue.sqlite');
  const database = new DatabaseSync(path);
  expect(inspectCatalogue(database, path)).toBe('old');
  createTables(database, path);
  expect(inspectCatalogue(database, path)).toBe('ready');
  database.close();
});
