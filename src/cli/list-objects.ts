import type { ListedObject, ObjectStore } from '../objects/object-store.ts';

/** The objects whose keys begin with `key`, in the order of their bytes, a page of the store's at a time. */
export async function* listObjects(
  store: ObjectStore,
  { bucket, key }: { readonly bucket: string; readonly key: string },
  signal: AbortSignal,
): AsyncGenerator<ListedObject> {
  const request = { bucket, prefix: key };
  let page = await store.list(request, signal);
  yield* page.objects;
  while (page.next !== undefined) {
    page = await store.list({ ...request, startAfter: page.next }, signal);
    yield* page.objects;
  }
}
