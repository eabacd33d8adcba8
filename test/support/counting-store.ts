import type { BodyBytes, GetRequest, ObjectBody, ObjectStore } from '../../src/objects/object-store.ts';

/** One GET, as it was asked and answered. Positions count from 0, `end` not included. */
export interface CountedGet {
  readonly start: number;
  readonly end: number;
  readonly ifMatch: string | undefined;
  /** Bytes of the answer that somebody read. */
  readonly bytesRead: number;
  readonly closed: boolean;
}

/** A store that counts what it is asked for. */
export interface CountingStore extends ObjectStore {
  /** How often each operation was called. */
  readonly requests: Readonly<Record<string, number>>;
  /** Bytes that each operation took or gave. */
  readonly bytes: Readonly<Record<string, number>>;
  /** The GETs that were answered, in the order of asking. */
  readonly gets: readonly CountedGet[];
  /** The most GETs whose answers were read, or waited for, at one time. */
  readonly mostOpenGets: number;
  /** Begins to count anew. */
  reset(): void;
}

interface Counts {
  requests: Record<string, number>;
  bytes: Record<string, number>;
  gets: { -readonly [K in keyof CountedGet]: CountedGet[K] }[];
  openGets: number;
  mostOpenGets: number;
}

const counted = ['createBucket', 'createMultipart', 'completeMultipart', 'abortMultipart', 'head', 'list', 'delete'];

/** Counts requests and bytes by operation. What a store does to answer one request is its own affair. */
export function countRequests(store: ObjectStore): CountingStore {
  const counts: Counts = { requests: {}, bytes: {}, gets: [], openGets: 0, mostOpenGets: 0 };
  const count = (operation: string, bytes = 0): void => {
    counts.requests[operation] = (counts.requests[operation] ?? 0) + 1;
    counts.bytes[operation] = (counts.bytes[operation] ?? 0) + bytes;
  };
  const added: Record<string, unknown> = {
    get: (request: GetRequest, signal: AbortSignal) => {
      count('get');
      return countGet(store, request, signal, counts);
    },
    put: (...given: Parameters<ObjectStore['put']>) => {
      count('put', sizeOf(given[1]));
      return store.put(...given);
    },
    uploadPart: (...given: Parameters<ObjectStore['uploadPart']>) => {
      count('uploadPart', sizeOf(given[2]));
      return store.uploadPart(...given);
    },
    reset: () => Object.assign(counts, { requests: {}, bytes: {}, gets: [], mostOpenGets: counts.openGets }),
  };
  return new Proxy(store, {
    get(target, name) {
      if (typeof name === 'string' && name in counts) return counts[name as keyof Counts];
      if (typeof name === 'string' && name in added) return added[name];
      const value = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return (...given: unknown[]) => {
        if (counted.includes(String(name))) count(String(name));
        return Reflect.apply(value, target, given);
      };
    },
  }) as CountingStore;
}

async function countGet(
  store: ObjectStore,
  request: GetRequest,
  signal: AbortSignal,
  counts: Counts,
): Promise<ObjectBody> {
  counts.openGets++;
  counts.mostOpenGets = Math.max(counts.mostOpenGets, counts.openGets);
  const get = { start: 0, end: 0, ifMatch: request.ifMatch, bytesRead: 0, closed: false };
  const close = (): void => {
    if (!get.closed) counts.openGets--;
    get.closed = true;
  };
  counts.gets.push(get);
  try {
    const body = await store.get(request, signal);
    Object.assign(get, spanOf(request, body.head.sizeBytes));
    return {
      head: body.head,
      read: async (target, inner) => {
        const read = await body.read(target, inner);
        get.bytesRead += read;
        counts.bytes.get = (counts.bytes.get ?? 0) + read;
        return read;
      },
      close: () => body.close().finally(close),
    };
  } catch (error) {
    close();
    throw error;
  }
}

function spanOf({ range }: GetRequest, sizeBytes: number): { start: number; end: number } {
  if (range === undefined) return { start: 0, end: sizeBytes };
  if ('suffixBytes' in range) return { start: Math.max(0, sizeBytes - range.suffixBytes), end: sizeBytes };
  return { start: range.first, end: Math.min(sizeBytes, range.last + 1) };
}

function sizeOf(body: BodyBytes): number {
  if (body instanceof Uint8Array) return body.length;
  const pieces = 'pieces' in body ? body.pieces : body;
  return pieces.reduce((sum, piece) => sum + piece.length, 0);
}
