import type { ErrorCode } from '../../errors.ts';
import type { PartRow } from '../part-row.ts';
import type { RecordKeyRow } from '../record-key-row.ts';
import type { RecordName, RecordRow } from '../record-row.ts';
import type { UploadChange, UploadClaim, UploadQuery } from '../upload-manifest.ts';
import type { UploadRow } from '../upload-row.ts';
import type { BusyPatience } from './retry-while-busy.ts';

/** Where a listing of uploads goes on: after this one. */
export interface UploadPosition {
  readonly createdMs: number;
  readonly id: string;
}

/** Records of a bucket whose keys are not below `from` and below `end`, behind `after`. */
export interface RecordSpan {
  readonly bucket: string;
  readonly from: Uint8Array;
  readonly end: Uint8Array;
  readonly after: Pick<RecordName, 'key' | 'etag'> | undefined;
}

/** What the thread that owns the database does for the others, each call whole or not at all. */
export interface ManifestCalls {
  create(row: UploadRow): UploadRow;
  find(id: string): UploadRow | undefined;
  list(query: UploadQuery, after: UploadPosition | undefined, limit: number): UploadRow[];
  change(id: string, epoch: number, change: UploadChange, nowMs: number): UploadRow;
  takeOver(id: string, epoch: number, claim: UploadClaim, nowMs: number): UploadRow;
  putPart(id: string, partNumber: number, epoch: number, row: PartRow): void;
  removePart(id: string, partNumber: number, epoch: number): void;
  /** Parts whose numbers are above `after`. */
  parts(id: string, after: number, limit: number): PartRow[];
  remove(id: string, epoch: number): void;

  recordKey(): RecordKeyRow | undefined;
  /** Enters it unless there is one, and gives the one that is there. */
  enterRecordKey(row: RecordKeyRow): RecordKeyRow;
  /** In the order that they were asked for. */
  findRecords(names: readonly RecordName[]): (RecordRow | undefined)[];
  putRecord(row: RecordRow): void;
  removeRecords(names: readonly RecordName[]): void;
  listRecords(span: RecordSpan, limit: number): RecordRow[];
}

/** The beginning and the end, which are calls of their own. */
export interface ThreadCalls extends ManifestCalls {
  /** False if there is nothing in the file and nothing was to be made. */
  open(): boolean;
  close(): void;
}

export type Request = {
  [Name in keyof ThreadCalls]: {
    readonly number: number;
    readonly call: Name;
    readonly args: Parameters<ThreadCalls[Name]>;
  };
}[keyof ThreadCalls];

/** What an error is when it has crossed to another thread: its class would be lost. */
export type Failure =
  | { readonly kind: 'sealpart'; readonly code: ErrorCode; readonly message: string }
  | { readonly kind: 'sqlite'; readonly errcode: number; readonly message: string }
  | { readonly kind: 'bug'; readonly error: unknown };

export type Outcome = { readonly value: unknown } | { readonly failure: Failure };

/** The answer to the request of the same number. */
export type Answer = Outcome & { readonly number: number };

/** What a thread is started with. */
export interface ThreadSetting {
  /** The file the database is in. */
  readonly path: string;
  /** What to call the manifest in messages. */
  readonly name: string;
  /** True to make the tables if there are none. */
  readonly create: boolean;
  /** For how long another process may hold the lock that a call needs. */
  readonly patience: BusyPatience;
  /** Limits the file, for tests of a disk that is full. */
  readonly maxPages?: number;
}

/** The most requests in one message, and in one transaction: another process waits for its end. */
export const groupLimit = 500;
