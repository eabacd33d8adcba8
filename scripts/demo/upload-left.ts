import type { ObjectName, ObjectStore, UploadManifest } from '../../src/index.ts';

/** What a killed process left of an upload. */
export interface UploadLeft {
  readonly id: string;
  /** Parts that store and manifest agree on: they are not sent again. */
  readonly committed: ReadonlySet<number>;
  /** Parts that the store has and the manifest does not know of: they are sent again. */
  readonly unconfirmed: ReadonlySet<number>;
}

/** Looks at store and manifest as the next process will. Undefined if nothing is unfinished. */
export async function uploadLeft(
  manifest: UploadManifest,
  store: ObjectStore,
  object: ObjectName,
  signal: AbortSignal,
): Promise<UploadLeft | undefined> {
  for await (const item of manifest.list({ storeName: store.name, ...object }, signal)) {
    if (item.uploadId === undefined) continue;
    const etags = new Map<number, string>();
    for await (const part of store.listParts({ ...object, uploadId: item.uploadId }, signal)) {
      etags.set(part.partNumber, part.etag);
    }
    const committed = new Set<number>();
    for await (const row of manifest.parts(item.id, signal)) {
      if (etags.get(row.partNumber) === row.etag) committed.add(row.partNumber);
    }
    const unconfirmed = new Set([...etags.keys()].filter((partNumber) => !committed.has(partNumber)));
    return { id: item.id, committed, unconfirmed };
  }
  return undefined;
}
