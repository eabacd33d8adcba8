import type { ObjectStore } from '../objects/object-store.ts';
import type { CliContext } from './cli-context.ts';
import { blameStore } from './exit-codes.ts';
import { openStore, type StoreAccess } from './open-store.ts';
import type { StoreLocation } from './parse-store-url.ts';

/**
 * Opens the store of a location, runs with it and closes it. What fails in between and could be a file's failure as
 * well as a store's counts as the store's.
 */
export async function withStore<T>(
  location: StoreLocation,
  access: StoreAccess,
  context: CliContext,
  run: (store: ObjectStore) => Promise<T>,
): Promise<T> {
  try {
    const store = await openStore(location, access, context);
    try {
      return await run(store);
    } finally {
      await store.close();
    }
  } catch (error) {
    blameStore(error);
    throw error;
  }
}

/** The object as people write it: in a folder with the store in front. */
export function objectUrlText(
  store: Pick<ObjectStore, 'name'>,
  { kind, bucket, key }: Pick<StoreLocation, 'kind' | 'bucket' | 'key'>,
): string {
  return kind === 'dir' ? `${store.name}//${bucket}/${key}` : `s3://${bucket}/${key}`;
}

/** The same as the first line has it: on S3, a URL does not tell which server it is. */
export function placeText(store: ObjectStore, location: Pick<StoreLocation, 'kind' | 'bucket' | 'key'>): string {
  const url = objectUrlText(store, location);
  return location.kind === 'dir' ? url : `${url} (${store.name})`;
}
