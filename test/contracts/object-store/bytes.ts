import type {
  GetRequest,
  ListedPart,
  ObjectBody,
  ObjectName,
  ObjectStore,
  UploadName,
} from '../../../src/objects/object-store.ts';

/** A signal that never fires. */
export const quiet: AbortSignal = new AbortController().signal;

/** Bytes that differ with the seed and with the position, so that a part in the wrong place is seen. */
export function patternBytes(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = (seed * 2654435761) >>> 0;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

/** The bytes one after the other. */
export function joined(...pieces: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(pieces));
}

export async function readBody(body: ObjectBody): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for (;;) {
    const target = new Uint8Array(100_000);
    const count = await body.read(target, quiet);
    pieces.push(target.subarray(0, count));
    if (count < target.length) return joined(...pieces);
  }
}

export async function readObject(store: ObjectStore, request: GetRequest): Promise<Uint8Array> {
  const body = await store.get(request, quiet);
  try {
    return await readBody(body);
  } finally {
    await body.close();
  }
}

export async function putBytes(store: ObjectStore, name: ObjectName, bytes: Uint8Array): Promise<string> {
  return (await store.put(name, bytes, {}, {}, quiet)).etag;
}

export async function beginUpload(store: ObjectStore, name: ObjectName): Promise<UploadName> {
  const { uploadId } = await store.createMultipart(name, {}, quiet);
  return { ...name, uploadId };
}

/** Stores parts in the order in which they are given, and lists them ascending. */
export async function storeParts(
  store: ObjectStore,
  upload: UploadName,
  parts: ReadonlyMap<number, Uint8Array>,
): Promise<ListedPart[]> {
  const listed: ListedPart[] = [];
  for (const [partNumber, bytes] of parts) {
    const { etag } = await store.uploadPart(upload, partNumber, bytes, quiet);
    listed.push({ partNumber, etag });
  }
  return listed.sort((a, b) => a.partNumber - b.partNumber);
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
