import { SealpartError } from '../errors.ts';
import { openDirectoryStore } from '../objects/directory/open-directory-store.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import { blameStore } from './exit-codes.ts';
import type { StoreLocation } from './parse-store-url.ts';

/**
 * Opens the store of a location, runs with it and closes it. What fails in between and could be a file's failure as
 * well as a store's counts as the store's.
 *
 * @param create true to make the store and the bucket if they are not there
 */
export async function withStore<T>(
  location: StoreLocation,
  create: boolean,
  signal: AbortSignal,
  run: (store: ObjectStore) => Promise<T>,
): Promise<T> {
  try {
    const store = await openDirectoryStore(location.path, { create, signal });
    try {
      if (create) await ensureBucket(store, location.bucket, signal);
      return await run(store);
    } finally {
      await store.close();
    }
  } catch (error) {
    blameStore(error);
    throw error;
  }
}

async function ensureBucket(store: ObjectStore, bucket: string, signal: AbortSignal): Promise<void> {
  try {
    await store.createBucket(bucket, signal);
  } catch (error) {
    if (!(error instanceof SealpartError) || error.code !== 'exists') throw error;
  }
}

/** The object as people write it, with the store in front. */
export function objectUrlText(store: ObjectStore, { bucket, key }: StoreLocation): string {
  return `${store.name}//${bucket}/${key}`;
}
