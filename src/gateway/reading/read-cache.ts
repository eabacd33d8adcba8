import type { OpenedStream } from '../../pipelines/opened-stream.ts';
import type { DescribedObject } from './described-object.ts';
import type { ObjectVersion } from './object-version.ts';

/** What was found out about one state of an object. Keys that opened it are in it: it never leaves memory. */
export interface RememberedObject {
  /** The store's. */
  readonly etag: string;
  readonly sizeBytes: number;
  readonly described: DescribedObject;
  /** Its stream with its keys, if the header was read. */
  readonly opened?: OpenedStream | undefined;
  /** Segment headers by their positions. */
  readonly segmentHeaders: Map<number, Uint8Array>;
}

/** Which state of an object is meant. */
export type ObjectState = Pick<RememberedObject, 'etag' | 'sizeBytes'>;

/** Measured: what an entry takes with its names, its record and its description, in bytes. */
const entryBytes = 1200;
/** The keys of a stream beside its header's own bytes. */
const openedBytes = 1500;
/** A segment header of 64 bytes in memory of its own, with its place in the map. */
const segmentHeaderBytes = 240;

/**
 * What reads have found out about objects, so that the next one costs fewer requests. There is one state of each object:
 * one with another ETag takes its place. Those that were not asked for the longest go first.
 *
 * Nothing in it is taken for the object's present state without an answer of the store that names the same ETag.
 */
export class ReadCache {
  readonly #mostBytes: number;
  readonly #entries = new Map<string, RememberedObject>();
  #usedBytes = 0;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Whatever state was seen last. */
  latest(name: ObjectVersion): RememberedObject | undefined {
    const key = keyOf(name);
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry;
  }

  /** What is known of this state. */
  of(name: ObjectVersion, state: ObjectState): RememberedObject | undefined {
    const entry = this.latest(name);
    return entry !== undefined && isState(entry, state) ? entry : undefined;
  }

  /** Remembers a state in place of what stood there; of the same state, what is not said anew stays. */
  remember(name: ObjectVersion, found: Omit<RememberedObject, 'segmentHeaders'>): RememberedObject {
    const before = this.of(name, found);
    const entry: RememberedObject = {
      ...found,
      opened: found.opened ?? before?.opened,
      segmentHeaders: before?.segmentHeaders ?? new Map(),
    };
    this.forget(name);
    this.#entries.set(keyOf(name), entry);
    this.#usedBytes += bytesOf(entry);
    this.#makeRoom();
    return entry;
  }

  /** Keeps a segment header of a state, if that is still the one. */
  keepSegmentHeader(name: ObjectVersion, state: ObjectState, position: number, bytes: Uint8Array): void {
    const entry = this.of(name, state);
    if (entry === undefined || entry.segmentHeaders.has(position)) return;
    entry.segmentHeaders.set(position, bytes);
    this.#usedBytes += segmentHeaderBytes;
    this.#makeRoom();
  }

  forget(name: ObjectVersion): void {
    this.#drop(keyOf(name));
  }

  #makeRoom(): void {
    for (const key of this.#entries.keys()) {
      if (this.#usedBytes <= this.#mostBytes) return;
      this.#drop(key);
    }
  }

  #drop(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#usedBytes -= bytesOf(entry);
  }
}

/** A bucket's name has no slash, and no version has a NUL. */
function keyOf({ bucket, key, versionId = '' }: ObjectVersion): string {
  return `${versionId}\0${bucket}/${key}`;
}

function isState(entry: ObjectState, { etag, sizeBytes }: ObjectState): boolean {
  return entry.etag === etag && entry.sizeBytes === sizeBytes;
}

function bytesOf({ opened, segmentHeaders }: RememberedObject): number {
  const header = opened === undefined ? 0 : openedBytes + opened.header.bytes.length;
  return entryBytes + header + segmentHeaders.size * segmentHeaderBytes;
}
