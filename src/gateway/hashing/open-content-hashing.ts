import { availableParallelism } from 'node:os';
import { extname } from 'node:path';
import { SealpartError } from '../../errors.ts';
import { untilAborted } from '../../flow/until-aborted.ts';
import type { ContentHashing, HashedContent } from './content-hashing.ts';
import { HashingThread } from './hashing-thread.ts';

export interface ContentHashingOptions {
  /** Threads; as many as there are cores, at most 8, unless told. Each is started when it is first needed. */
  readonly workers?: number | undefined;
  /** What the threads run, for tests of threads that fail. */
  readonly workerUrl?: URL | undefined;
}

const maxDefaultWorkers = 8;

// tsc does not rewrite this name: the worker has the same ending as this file, in the source and when built.
const hashingWorker = new URL(`./hashing-worker${extname(import.meta.url)}`, import.meta.url);

const nothing: HashedContent = {
  update: () => Promise.resolve(),
  digest: () => Promise.resolve(new Map()),
  close: () => undefined,
};

/** Threads that hash, of which each content has one to itself from its first byte to its last. */
export function openContentHashing(options: ContentHashingOptions = {}): ContentHashing {
  const { workers = Math.min(maxDefaultWorkers, availableParallelism()), workerUrl = hashingWorker } = options;
  const threads: HashingThread[] = [];
  let isClosed = false;
  // One that has died is not missed: the next content starts another.
  const onEnd = (thread: HashingThread): void => {
    const place = threads.indexOf(thread);
    if (place >= 0) threads.splice(place, 1);
  };
  const leastBusy = (): HashingThread => {
    const idle = threads.find(({ load }) => load.contents === 0);
    if (idle !== undefined) return idle;
    if (threads.length < Math.max(1, workers)) {
      const thread = new HashingThread(workerUrl, onEnd);
      threads.push(thread);
      return thread;
    }
    return threads.reduce((least, thread) => (isLess(thread.load, least.load) ? thread : least));
  };
  return {
    workers,
    open: (algorithms) => {
      if (isClosed) throw new SealpartError('bad-parameters', 'The threads that hash were ended: open others.');
      if (algorithms.size === 0) return nothing;
      const thread = leastBusy();
      return hashedBy(thread, thread.open([...algorithms]));
    },
    close: async () => {
      isClosed = true;
      await Promise.all(threads.splice(0).map((thread) => thread.terminate()));
    },
  };
}

function isLess(a: HashingThread['load'], b: HashingThread['load']): boolean {
  return a.contents === b.contents ? a.bytes < b.bytes : a.contents < b.contents;
}

function hashedBy(thread: HashingThread, content: number): HashedContent {
  return {
    update: (stretch) => thread.update(content, stretch),
    digest: (signal) => untilAborted(thread.digest(content), signal),
    close: () => thread.close(content),
  };
}
