import type { DatabaseSync } from 'node:sqlite';
import { SealpartError } from '../../errors.ts';

/** Written into the file so that another program's database is not taken for a manifest: "SLPM". */
const applicationId = 0x534c504d;

/** Raised by each change of the tables. */
const schemaVersion = 2;

/*
 * Version 1. A part is a row of its own, so that entering one costs the same however many there are. `sum` is a checksum over the
 * other columns (row.ts): what is under no MAC is to be noticed too when a disk fails.
 */
const uploadTables = `
  CREATE TABLE uploads (
    id TEXT NOT NULL PRIMARY KEY,
    store_name TEXT NOT NULL,
    bucket TEXT NOT NULL,
    key TEXT NOT NULL,
    stream_header BLOB NOT NULL,
    source_fingerprint TEXT NOT NULL,
    source_path TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    resume_item BLOB,
    owner TEXT NOT NULL,
    lease_until_ms INTEGER NOT NULL,
    state TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    upload_id TEXT,
    mac BLOB,
    updated_ms INTEGER NOT NULL,
    sum INTEGER NOT NULL
  ) STRICT;

  CREATE INDEX uploads_by_time ON uploads (created_ms, id);
  CREATE INDEX uploads_by_name ON uploads (bucket, key, created_ms, id);

  CREATE TABLE parts (
    upload TEXT NOT NULL,
    number INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    attempt BLOB NOT NULL,
    segments BLOB NOT NULL,
    etag TEXT NOT NULL,
    checksum TEXT NOT NULL,
    client_etag BLOB NOT NULL,
    client_checksums BLOB NOT NULL,
    mac BLOB NOT NULL,
    sum INTEGER NOT NULL,
    PRIMARY KEY (upload, number)
  ) STRICT, WITHOUT ROWID;
`;

/*
 * Version 2: what is known of objects. Keys are blobs, so that their order is that of their bytes, which is the order of
 * listings.
 */
const recordTables = `
  CREATE TABLE record_key (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    header BLOB NOT NULL,
    sum INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE records (
    bucket TEXT NOT NULL,
    key BLOB NOT NULL,
    etag TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    stream_id BLOB NOT NULL,
    record BLOB NOT NULL,
    written_ms INTEGER NOT NULL,
    sum INTEGER NOT NULL,
    PRIMARY KEY (bucket, key, etag)
  ) STRICT, WITHOUT ROWID;
`;

const marks = `
  PRAGMA application_id = ${applicationId};
  PRAGMA user_version = ${schemaVersion};
`;

/** What an opened file turned out to be. */
export type SchemaState = 'ready' | 'empty' | 'old';

/** What has to be run on a file to make it one of this version. */
const steps: Readonly<Record<SchemaState, string>> = {
  ready: '',
  empty: uploadTables + recordTables + marks,
  old: recordTables + marks,
};

/**
 * Looks at what an SQLite file holds, and changes nothing.
 *
 * @throws SealpartError `manifest` if it belongs to another program, or to a version of this one that is yet to come;
 *   `manifest-corrupt` if it has a version that never was.
 */
export function inspectSchema(database: DatabaseSync, path: string): SchemaState {
  const application = pragma(database, 'application_id');
  const version = pragma(database, 'user_version');
  if (application === applicationId) {
    if (version === schemaVersion) return 'ready';
    if (version === 1) return 'old';
    if (version > schemaVersion) {
      const versions = `has schema ${version}, and this version of sealpart knows ${schemaVersion} at most`;
      throw new SealpartError(
        'manifest',
        `The manifest ${path} ${versions}: use the version that wrote it, or a newer one.`,
      );
    }
    const remedy = 'restore it from a copy, or move it away and begin unfinished uploads anew';
    throw new SealpartError(
      'manifest-corrupt',
      `The manifest ${path} is damaged, its schema is ${version}: ${remedy}.`,
    );
  }
  const tableCount = database.prepare('SELECT count(*) AS count FROM sqlite_schema').get()?.count;
  if (application === 0 && version === 0 && tableCount === 0) return 'empty';
  throw new SealpartError('manifest', `${path} is an SQLite file of another program: give the manifest another file.`);
}

/**
 * Makes the tables in a file that has none, or those that a file of an older version does not have, all or none of them;
 * whoever came first made them. What uses the other tables meanwhile goes on with them.
 */
export function makeTables(database: DatabaseSync, path: string): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    database.exec(steps[inspectSchema(database, path)]);
    database.exec('COMMIT');
  } finally {
    if (database.isTransaction) database.exec('ROLLBACK');
  }
}

function pragma(database: DatabaseSync, name: string): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);
}
