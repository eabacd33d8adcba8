import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { ListedPart, ObjectName, UploadName } from '../../../src/objects/object-store.ts';
import { patternBytes } from '../../contracts/object-store/bytes.ts';

/** The tables as the first version of the store made them, statement by statement. */
const firstTables = `
  CREATE TABLE buckets (
    name TEXT PRIMARY KEY,
    created_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE contents (id INTEGER PRIMARY KEY AUTOINCREMENT) STRICT;

  CREATE TABLE parts (
    content INTEGER NOT NULL REFERENCES contents (id),
    number INTEGER NOT NULL,
    file TEXT NOT NULL UNIQUE,
    size_bytes INTEGER NOT NULL,
    etag TEXT NOT NULL,
    PRIMARY KEY (content, number)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE doomed (file TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;

  CREATE TRIGGER part_gone AFTER DELETE ON parts BEGIN
    INSERT INTO doomed (file) VALUES (old.file);
  END;

  CREATE TABLE uploads (
    id TEXT PRIMARY KEY,
    bucket TEXT NOT NULL REFERENCES buckets (name),
    key BLOB NOT NULL,
    content INTEGER NOT NULL UNIQUE REFERENCES contents (id),
    initiated_ms INTEGER NOT NULL,
    metadata TEXT NOT NULL,
    tags TEXT NOT NULL
  ) STRICT;

  CREATE INDEX uploads_by_key ON uploads (bucket, key, id);

  CREATE TABLE objects (
    bucket TEXT NOT NULL REFERENCES buckets (name),
    key BLOB NOT NULL,
    content INTEGER NOT NULL UNIQUE REFERENCES contents (id),
    etag TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    modified_ms INTEGER NOT NULL,
    metadata TEXT NOT NULL,
    tags TEXT NOT NULL,
    part_sizes TEXT,
    PRIMARY KEY (bucket, key)
  ) STRICT;

  PRAGMA application_id = 1397510228;
  PRAGMA user_version = 1;
`;

const bucket = 'bucket';
const uploadId = `${'0'.repeat(12)}${'ab'.repeat(10)}`;

interface FirstStore {
  readonly object: ObjectName;
  readonly bytes: Uint8Array;
  readonly etag: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly upload: UploadName;
  readonly part: ListedPart & { readonly bytes: Uint8Array };
}

/** What a store of the first version holds. */
export const firstStore: FirstStore = {
  object: { bucket, key: 'k' },
  bytes: patternBytes(1000, 1),
  etag: 'c'.repeat(32),
  metadata: { one: '1' },
  tags: { a: 'b' },
  upload: { bucket, key: 'up', uploadId },
  part: { partNumber: 1, etag: 'd'.repeat(32), bytes: patternBytes(50, 2) },
};

/** Makes a store as the first version did, with an object and an upload under way. */
export async function makeFirstStore(root: string): Promise<void> {
  for (const name of ['data', 'owners']) await mkdir(join(root, name), { mode: 0o700 });
  const { bytes, etag, metadata, tags, part } = firstStore;
  const database = new DatabaseSync(join(root, 'catalogue.sqlite'));
  try {
    database.exec('PRAGMA journal_mode = WAL');
    database.exec(firstTables);
    const run = (sql: string, ...values: (string | number | Uint8Array | null)[]) =>
      database.prepare(sql).run(...values);
    run('INSERT INTO buckets VALUES (?, ?)', bucket, 1_700_000_000_000);
    run('INSERT INTO contents DEFAULT VALUES');
    run('INSERT INTO contents DEFAULT VALUES');
    for (const [content, stored, storedEtag] of [
      [1, bytes, etag],
      [2, part.bytes, part.etag],
    ] as const) {
      const file = `${'a'.repeat(16)}-${randomBytes(16).toString('hex')}`;
      await writeFile(join(root, 'data', file), stored);
      run('INSERT INTO parts VALUES (?, 1, ?, ?, ?)', content, file, stored.length, storedEtag);
    }
    run(
      'INSERT INTO objects VALUES (?, ?, 1, ?, ?, ?, ?, ?, NULL)',
      bucket,
      Buffer.from('k'),
      etag,
      bytes.length,
      1_700_000_000_000,
      JSON.stringify(metadata),
      JSON.stringify(tags),
    );
    run(
      'INSERT INTO uploads VALUES (?, ?, ?, 2, 0, ?, ?)',
      uploadId,
      bucket,
      Buffer.from('up'),
      JSON.stringify(metadata),
      '{}',
    );
  } finally {
    database.close();
  }
}
