import { abortError, SealpartError } from '../../src/errors.ts';
import type { ObjectBody, ObjectStore } from '../../src/objects/object-store.ts';
import type { Sink } from '../../src/sinks/sink.ts';
import type { SeekableSource, Source } from '../../src/sources/source.ts';

/**
 * What happens at one call: the run is cancelled just before it or just after it; it waits until the run is cancelled,
 * which happens then; it fails.
 */
export type Interference = 'abort-before' | 'abort-after' | 'hang' | 'fail';

/** Counts the calls that a run makes to the world around it, and interferes with one of them. */
export class WatchedCalls {
  readonly names: string[] = [];
  /** What a call that was made to fail fails with. */
  readonly error: SealpartError = new SealpartError('io', 'Made to fail.');
  readonly #stop = new AbortController();
  readonly #at: number;
  readonly #how: Interference | undefined;
  #met = false;
  #callsAfterStop = 0;
  readonly #open = new Set<string>();

  constructor(at = -1, how?: Interference) {
    this.#at = at;
    this.#how = how;
  }

  /** The run's signal. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** True once the call was reached. */
  get met(): boolean {
    return this.#met;
  }

  /** Calls that were made although the run had been cancelled. */
  get callsAfterStop(): number {
    return this.#callsAfterStop;
  }

  /** What was opened and not closed: sources, and bodies that a store gave. */
  get open(): readonly string[] {
    return [...this.#open];
  }

  /** Notes that something has to be closed. */
  opened(name: string): () => void {
    const entry = `${name} ${this.names.length}`;
    this.#open.add(entry);
    return () => {
      this.#open.delete(entry);
    };
  }

  async call<T>(name: string, signal: AbortSignal, act: () => Promise<T>): Promise<T> {
    if (this.#stop.signal.aborted) this.#callsAfterStop++;
    if (this.names.push(name) - 1 !== this.#at) return act();
    this.#met = true;
    switch (this.#how) {
      case 'fail':
        throw this.error;
      case 'hang':
        return this.#hang(signal);
      case 'abort-after': {
        const result = await act();
        this.#stop.abort();
        return result;
      }
      default:
        this.#stop.abort();
        return act();
    }
  }

  #hang(signal: AbortSignal): Promise<never> {
    setImmediate(() => this.#stop.abort());
    return new Promise((_, reject) => {
      if (signal.aborted) reject(abortError(signal));
      signal.addEventListener('abort', () => reject(abortError(signal)), { once: true });
    });
  }
}

export function watchSource(source: Source, calls: WatchedCalls): Source {
  const closed = calls.opened('source');
  return {
    name: source.name,
    size: source.size,
    read: (target, signal) => calls.call('source.read', signal, () => source.read(target, signal)),
    close: () => source.close().then(closed),
  };
}

export function watchSeekable(source: SeekableSource, calls: WatchedCalls): SeekableSource {
  const closed = calls.opened('source');
  return {
    name: source.name,
    size: source.size,
    readAt: (position, target, signal) =>
      calls.call('source.readAt', signal, () => source.readAt(position, target, signal)),
    close: () => source.close().then(closed),
  };
}

export function watchSink(sink: Sink, calls: WatchedCalls): Sink {
  return {
    name: sink.name,
    irreversible: sink.irreversible,
    writeTentative: (bytes, signal) =>
      calls.call('sink.writeTentative', signal, () => sink.writeTentative(bytes, signal)),
    commitSegment: (signal) => calls.call('sink.commitSegment', signal, () => sink.commitSegment(signal)),
    rollbackSegment: () => sink.rollbackSegment(),
    finish: (signal) => calls.call('sink.finish', signal, () => sink.finish(signal)),
    abort: () => sink.abort(),
  };
}

export function watchStore(store: ObjectStore, calls: WatchedCalls): ObjectStore {
  return {
    name: store.name,
    limits: store.limits,
    createBucket: (bucket, signal) => store.createBucket(bucket, signal),
    createMultipart: (name, attributes, signal) =>
      calls.call('store.createMultipart', signal, () => store.createMultipart(name, attributes, signal)),
    uploadPart: (upload, part, body, signal) =>
      calls.call('store.uploadPart', signal, () => store.uploadPart(upload, part, body, signal)),
    listParts: (upload, signal) => store.listParts(upload, signal),
    listUploads: (bucket, signal) => store.listUploads(bucket, signal),
    completeMultipart: (upload, parts, condition, signal) =>
      calls.call('store.completeMultipart', signal, () => store.completeMultipart(upload, parts, condition, signal)),
    abortMultipart: (upload, signal) =>
      calls.call('store.abortMultipart', signal, () => store.abortMultipart(upload, signal)),
    put: (name, body, attributes, condition, signal) =>
      calls.call('store.put', signal, () => store.put(name, body, attributes, condition, signal)),
    get: (request, signal) =>
      calls.call('store.get', signal, async () => watchBody(await store.get(request, signal), calls)),
    head: (name, signal) => calls.call('store.head', signal, () => store.head(name, signal)),
    list: (request, signal) => store.list(request, signal),
    delete: (name, signal) => store.delete(name, signal),
    close: () => store.close(),
  };
}

function watchBody(body: ObjectBody, calls: WatchedCalls): ObjectBody {
  const closed = calls.opened('body');
  return {
    head: body.head,
    read: (target, signal) => calls.call('body.read', signal, () => body.read(target, signal)),
    close: () => body.close().then(closed),
  };
}
