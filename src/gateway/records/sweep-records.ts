import { SealpartError } from '../../errors.ts';
import type { ObjectRecords, RecordedObject } from '../../manifest/object-records.ts';
import type { BucketStore, ListedVersion } from '../../objects/bucket-store.ts';
import type { ObjectStore } from '../../objects/object-store.ts';

export interface SweepRecordsRequest {
  readonly records: ObjectRecords;
  readonly store: ObjectStore & Partial<Pick<BucketStore, 'listVersions'>>;
  readonly bucket: string;
  readonly prefix: string;
  /** Records that were written later stay: their objects may be younger than what the store lists. */
  readonly writtenBeforeMs: number;
}

export interface SweptRecords {
  readonly swept: number;
  /** What is wrong with the first of those that are damaged, if any are: they are left where they are. */
  readonly damage: SealpartError | undefined;
}

const removedAtOnce = 500;

/**
 * Forgets the records of what is not in the store any more, neither as an object nor as a version of one. Both are gone
 * through in the order of their keys, a page of each at a time.
 *
 * @throws SealpartError `store` if the store lists out of order; what store and records throw
 */
export async function sweepRecords(request: SweepRecordsRequest, signal: AbortSignal): Promise<SweptRecords> {
  const { records, bucket, prefix, writtenBeforeMs } = request;
  const gone: RecordedObject[] = [];
  let swept = 0;
  let damage: SealpartError | undefined;
  const flush = async (): Promise<void> => {
    await records.remove(gone, signal);
    swept += gone.length;
    gone.length = 0;
  };
  const stored = storedKeys(request, signal);
  try {
    let at = await stored.next();
    for await (const record of records.list({ bucket, prefix }, signal)) {
      while (!at.done && compareKeys(at.value.key, record.key) < 0) at = await stored.next();
      const isStored = !at.done && at.value.key === record.key && at.value.etags.has(record.etag);
      if (isStored || record.writtenMs >= writtenBeforeMs) continue;
      gone.push(record);
      if (gone.length === removedAtOnce) await flush();
    }
  } catch (error) {
    // Said when all the others were given.
    if (!(error instanceof SealpartError) || error.code !== 'manifest-corrupt') throw error;
    damage = error;
  } finally {
    await stored.return(undefined);
  }
  await flush();
  return { swept, damage };
}

interface StoredKey {
  readonly key: string;
  /** Of all of its versions. */
  readonly etags: ReadonlySet<string>;
}

/** The keys that are stored, each once. */
async function* storedKeys(request: SweepRecordsRequest, signal: AbortSignal): AsyncGenerator<StoredKey, undefined> {
  let current: { readonly key: string; readonly etags: Set<string> } | undefined;
  for await (const { key, etag } of storedStates(request, signal)) {
    if (key !== current?.key) {
      if (current !== undefined && compareKeys(current.key, key) > 0) throw outOfOrder(request);
      if (current !== undefined) yield current;
      current = { key, etags: new Set() };
    }
    current.etags.add(etag);
  }
  if (current !== undefined) yield current;
  return undefined;
}

async function* storedStates(
  request: SweepRecordsRequest,
  signal: AbortSignal,
): AsyncGenerator<{ readonly key: string; readonly etag: string }> {
  const { store, bucket, prefix } = request;
  const versions = await firstVersions(request, signal);
  if (versions !== undefined) {
    yield* versions;
    return;
  }
  let startAfter: string | undefined;
  do {
    const page = await store.list({ bucket, prefix, ...(startAfter === undefined ? {} : { startAfter }) }, signal);
    yield* page.objects;
    startAfter = page.next;
  } while (startAfter !== undefined);
}

/** All versions of all objects, or undefined if the store has no listing of such: then there are none but the objects. */
async function firstVersions(
  { store, bucket, prefix }: SweepRecordsRequest,
  signal: AbortSignal,
): Promise<AsyncGenerator<{ readonly key: string; readonly etag: string }> | undefined> {
  if (store.listVersions === undefined) return undefined;
  const list = store.listVersions.bind(store);
  try {
    const first = await list({ bucket, prefix, limit: 1000 }, signal);
    return (async function* () {
      for (let page = first; ; ) {
        for (const version of page.versions) if (isData(version)) yield version;
        if (page.next === undefined) return;
        page = await list({ bucket, prefix, limit: 1000, ...page.next }, signal);
      }
    })();
  } catch (error) {
    if (error instanceof SealpartError && error.said === 'NotImplemented') return undefined;
    throw error;
  }
}

function isData(version: ListedVersion): version is Extract<ListedVersion, { etag: string }> {
  return version.deleteMarker !== true;
}

function compareKeys(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function outOfOrder({ store, bucket }: SweepRecordsRequest): SealpartError {
  const text = `${store.name} lists the keys of ${bucket} out of order, so that records cannot be compared with them`;
  return new SealpartError('store', `${text}: leave out the sweeping (--no-sweep).`);
}
