import type { DatabaseSync } from 'node:sqlite';
import { assert } from '../../assert.ts';
import { SealpartError } from '../../errors.ts';

/** Written into the catalogue's file so that another program's database is not taken for one: "SLPT". */
const applicationId = 0x534c5054;

/** Raised by each change of the tables that an older version of this code could not work with. */
const schemaVersion = 2;

/*
 * A content is what an upload collects and what an object consists of, so completing an upload hands over its content
 * and touches no part. A file belongs to one part of one content; a copy would have hard links of its own.
 *
 * No row of `parts` can go without its file being noted in `doomed`, and the note goes only when the file has: a crash
 * between the transaction and the unlink leaves nothing behind that the next one to open the store would not find.
 *
 * Keys are BLOBs, which SQLite compares byte by byte: the order of S3's listings.
 */
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
`;

/*
 * Headers that are given back with an object, and what a bucket was told of itself: its tags, its rules for other
 * origins. The default is for the rows that were there before.
 */
const headersAndDocuments = `
  ALTER TABLE uploads ADD COLUMN headers TEXT NOT NULL DEFAULT '{}';

  ALTER TABLE objects ADD COLUMN headers TEXT NOT NULL DEFAULT '{}';

  CREATE TABLE bucket_documents (
    bucket TEXT NOT NULL REFERENCES buckets (name),
    kind TEXT NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (bucket, kind)
  ) STRICT, WITHOUT ROWID;
`;

/** What leads from each version to the next; a new file goes through all of them, so all files are alike. */
const steps: readonly string[] = [firstTables, headersAndDocuments];
assert(steps.length === schemaVersion, 'each version of the tables must be reached by a step');

/** What an opened file turned out to be; `old` is one that a former version of this code has made. */
export type CatalogueState = 'ready' | 'old' | 'empty';

/**
 * Looks at what an SQLite file holds, and changes nothing. It looks at one state of the file: another process may be
 * about to make its tables, and between two looks they would be another program's.
 *
 * @throws SealpartError `store` if it belongs to another program, or to a version of this one that is yet to come.
 */
export function inspectCatalogue(database: DatabaseSync, path: string): CatalogueState {
  if (database.isTransaction) return judgeFile(database, path);
  database.exec('BEGIN');
  try {
    return judgeFile(database, path);
  } finally {
    if (database.isTransaction) database.exec('ROLLBACK');
  }
}

function judgeFile(database: DatabaseSync, path: string): CatalogueState {
  const application = pragma(database, 'application_id');
  const version = pragma(database, 'user_version');
  if (application === applicationId && version === schemaVersion) return 'ready';
  if (application === applicationId && version > 0 && version < schemaVersion) return 'old';
  if (application === applicationId && version > schemaVersion) {
    const versions = `has schema ${version}, and this version of sealpart knows ${schemaVersion} at most`;
    throw new SealpartError(
      'store',
      `The catalogue ${path} ${versions}: use the version that wrote it, or a newer one.`,
    );
  }
  const tableCount = database.prepare('SELECT count(*) AS count FROM sqlite_schema').get()?.count;
  if (application === 0 && version === 0 && tableCount === 0) return 'empty';
  throw new SealpartError('store', `${path} is an SQLite file of another program: give the store another folder.`);
}

/** Readies the connection: a commit is on the disk when it returns, and readers do not wait for writers. */
export function configureCatalogue(database: DatabaseSync): void {
  database.exec('PRAGMA journal_mode = WAL');
  database.exec('PRAGMA synchronous = FULL');
}

/**
 * Makes the tables in a file that has none, or what a former version did not have, in one transaction; whoever came
 * first did it.
 */
export function createTables(database: DatabaseSync, path: string): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    if (inspectCatalogue(database, path) !== 'ready') {
      for (const step of steps.slice(pragma(database, 'user_version'))) database.exec(step);
      database.exec(`PRAGMA application_id = ${applicationId}`);
      database.exec(`PRAGMA user_version = ${schemaVersion}`);
    }
    database.exec('COMMIT');
  } finally {
    if (database.isTransaction) database.exec('ROLLBACK');
  }
}

function pragma(database: DatabaseSync, name: string): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);
}
