import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect } from 'vitest';
import { type ErrorCode, SealpartError } from '../../src/errors.ts';
import type {
  NewUpload,
  PartItem,
  UploadClaim,
  UploadItem,
  UploadManifest,
} from '../../src/manifest/upload-manifest.ts';

/** A manifest under test. */
export interface UploadManifestFixture {
  readonly manifest: UploadManifest;
  /** Opens the same manifest once more, as another process would; absent where that cannot be. */
  readonly openAgain?: () => Promise<UploadManifest>;
  /** Closes all that was opened and takes away what it was made in. */
  dispose(): Promise<void>;
}

export type MakeUploadManifest = () => Promise<UploadManifestFixture>;

/** What each test of the contract has at hand: a manifest, and a name of a store that no other test uses. */
export interface ManifestGround {
  readonly manifest: UploadManifest;
  /** The same manifest as another process sees it, or as this one does where there are no others. */
  readonly other: UploadManifest;
  readonly storeName: string;
}

/** Gives each test of the surrounding block a manifest. */
export function useManifest(makeManifest: MakeUploadManifest): () => ManifestGround {
  let fixture: UploadManifestFixture | undefined;
  let ground: ManifestGround | undefined;
  beforeEach(async () => {
    fixture = await makeManifest();
    const { manifest } = fixture;
    const other = (await fixture.openAgain?.()) ?? manifest;
    ground = { manifest, other, storeName: `test:${randomBytes(8).toString('hex')}` };
  });
  afterEach(async () => {
    await fixture?.dispose();
    fixture = undefined;
    ground = undefined;
  });
  return () => {
    if (ground === undefined) throw new Error('there is no manifest outside a test');
    return ground;
  };
}

/** A signal that never fires. */
export const quiet: AbortSignal = new AbortController().signal;

export function newId(): string {
  return randomBytes(16).toString('hex');
}

export function newUpload(told: Partial<NewUpload> = {}): NewUpload {
  return {
    id: newId(),
    storeName: 'test:store',
    bucket: 'bucket',
    key: 'key',
    streamHeader: randomBytes(300),
    sourceFingerprint: 'size=1 mtime=2',
    sourcePath: '/home/ada/source',
    createdMs: 1_700_000_000_000,
    ...told,
  };
}

export function newClaim(owner = 'host:1:0a'): UploadClaim {
  return { owner, leaseUntilMs: 1_700_000_060_000 };
}

/** Enters an upload. */
export async function enter(manifest: UploadManifest, told: Partial<NewUpload> = {}): Promise<UploadItem> {
  return await manifest.create(newUpload(told), newClaim(), 1_700_000_000_001, quiet);
}

export function newPart(partNumber: number, told: Partial<PartItem> = {}): PartItem {
  return {
    partNumber,
    epoch: 1,
    attempt: randomBytes(8),
    segments: [newSegment(partNumber - 1)],
    etag: randomBytes(16).toString('hex'),
    checksum: 'crc32=AAAAAA==',
    clientEtag: new Uint8Array(0),
    clientChecksums: new Uint8Array(0),
    mac: randomBytes(32),
    ...told,
  };
}

export function newSegment(segmentIndex: number): PartItem['segments'][number] {
  const [salt, digest] = [randomBytes(16), randomBytes(32)];
  return { segmentIndex, contentLength: 8_388_608, totalLength: 8_390_784, salt, digest };
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

/** All bytes as plain arrays: vitest tells a Buffer from a Uint8Array, and their contents are what counts. */
export function plain<T>(item: T): T {
  if (item instanceof Uint8Array) return new Uint8Array(item) as T;
  if (Array.isArray(item)) return item.map(plain) as T;
  if (typeof item !== 'object' || item === null) return item;
  return Object.fromEntries(Object.entries(item).map(([name, value]) => [name, plain(value)])) as T;
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

/** Runs several at once and gives the values of those that went well, and the errors of the others. */
export async function race<T>(calls: readonly Promise<T>[]): Promise<{ won: T[]; lost: unknown[] }> {
  const outcomes = await Promise.allSettled(calls);
  return {
    won: outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : [])),
    lost: outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : [])),
  };
}
