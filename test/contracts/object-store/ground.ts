import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect } from 'vitest';
import { type ErrorCode, SealpartError } from '../../../src/errors.ts';
import type { ObjectStore } from '../../../src/objects/object-store.ts';
import { quiet } from './bytes.ts';

/** A store under test. */
export interface ObjectStoreFixture {
  readonly store: ObjectStore;
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
}

/** Gives each test of the surrounding block a store of its own. */
export function useStore(makeStore: MakeObjectStore): () => StoreGround {
  let fixture: ObjectStoreFixture | undefined;
  let ground: StoreGround | undefined;
  beforeEach(async () => {
    fixture = await makeStore();
    const bucket = newBucketName();
    await fixture.store.createBucket(bucket, quiet);
    ground = { store: fixture.store, bucket, partSizeBytes: Math.max(1, fixture.store.limits.minPartBytes) };
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
