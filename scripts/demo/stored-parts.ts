import type { ObjectName, ObjectStore } from '../../src/index.ts';

export interface StoredPartSize {
  readonly partNumber: number;
  readonly sizeBytes: number;
}

/** The parts that the store made an object of; an object that was put whole is one. */
export async function storedParts(
  store: ObjectStore,
  object: ObjectName,
  signal: AbortSignal,
): Promise<StoredPartSize[]> {
  const head = await store.head(object, signal);
  const sizes = head.partSizesBytes ?? [head.sizeBytes];
  return sizes.map((sizeBytes, i) => ({ partNumber: i + 1, sizeBytes }));
}
