import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect } from 'vitest';
import { type ErrorCode, SealpartError } from '../../../src/errors.ts';
import type { ObjectStore } from '../../../src/objects/object-store.ts';
import { quiet } from './bytes.ts';

/**
 * Where a server is known not to do what S3 does, whatever its limits say:
 *
 * | deviation | what it does |
 * |---|---|
 * | `keys-are-paths` | keeps objects in files of their names, so that `a` and `a/b` cannot both be |
 * | `all-parts-only` | completes an upload with all of its parts only |
 * | `refusal-locks-upload` | after a refused completion it lets nobody complete the upload for minutes |
 * | `torn-races` | lets several conditional completions of one key come about that run at once |
 * | `uploads-unordered` | lists uploads in another order than that of their keys |
 * | `aborts-anything` | aborts uploads that it does not have |
 * | `buckets-made-again` | makes a bucket that its owner has already |
 * | `no-zero-bytes` | takes no key with a zero byte |
 * | `multipart-tags-lost` | forgets the tags of an upload when it is completed |
 * | `headers-lost` | forgets some of the headers that an object is written with |
 * | `no-if-match` | does not look at the ETag that a write demands of the object it replaces |
 */
export type StoreDeviation =
  | 'keys-are-paths'
  | 'all-parts-only'
  | 'refusal-locks-upload'
  | 'torn-races'
  | 'uploads-unordered'
  | 'aborts-anything'
  | 'buckets-made-again'
  | 'no-zero-bytes'
  | 'multipart-tags-lost'
  | 'headers-lost'
  | 'no-if-match';

/** A store under test. */
export interface ObjectStoreFixture {
  readonly store: ObjectStore;
  /** Tests that need what these deny are skipped, and say so. */
  readonly deviations?: readonly StoreDeviation[];
  /** Closes the store and takes away what it was made in. */
  dispose(): Promise<void>;
}

export type MakeObjectStore = () => Promise<ObjectStoreFixture>;

/** What each test of the contract has at hand: a store, and a bucket in it that no other test uses. */
export interface StoreGround {
  readonly store: ObjectStore;
  readonly bucket: string;
  /** The least a part may have that is not the last; at least 1. */
  readonly partSizeBytes: number;
  /** True for what the server behind is known not to do as S3 does. */
  deviates(deviation: StoreDeviation): boolean;
}

/** Gives each test of the surrounding block a store of its own. */
export function useStore(makeStore: MakeObjectStore): () => StoreGround {
  let fixture: ObjectStoreFixture | undefined;
  let ground: StoreGround | undefined;
  beforeEach(async () => {
    fixture = await makeStore();
    const bucket = newBucketName();
    await fixture.store.createBucket(bucket, quiet);
    const { store, deviations = [] } = fixture;
    ground = {
      store,
      bucket,
      partSizeBytes: Math.max(1, store.limits.minPartBytes),
      deviates: (deviation) => deviations.includes(deviation),
    };
  });
  afterEach(async () => {
    await fixture?.dispose();
    fixture = undefined;
    ground = undefined;
  });
  return () => {
    if (ground === undefined) throw new Error('there is no store outside a test');
    return ground;
  };
}

export function newBucketName(): string {
  return `contract-${randomBytes(8).toString('hex')}`;
}

/** Compares bytes; vitest's own comparison of long arrays takes seconds. */
export function expectBytes(found: Uint8Array, expected: Uint8Array): void {
  expect(found.length).toBe(expected.length);
  expect(Buffer.compare(found, expected)).toBe(0);
}

/** Expects a SealpartError with this code, and S3's word for what happened in its message. */
export async function expectWord(promise: Promise<unknown>, code: ErrorCode, word: string): Promise<SealpartError> {
  const error = await expectCode(promise, code);
  expect(error.message).toMatch(new RegExp(`\\b${word}\\b`));
  return error;
}

/** Expects a SealpartError with this code, and a message that is one line. */
export async function expectCode(promise: Promise<unknown>, ...codes: ErrorCode[]): Promise<SealpartError> {
  let outcome: unknown = 'no error';
  try {
    await promise;
  } catch (error) {
    outcome = error;
  }
  expect(outcome).toBeInstanceOf(SealpartError);
  const error = outcome as SealpartError;
  expect(codes).toContain(error.code);
  expect(error.message).toMatch(/^[^\n\0]+$/);
  return error;
}
