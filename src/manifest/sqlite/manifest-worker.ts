import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { assert } from '../../assert.ts';
import { toFailure } from './failure.ts';
import { ManifestDatabase, type TableRequest } from './manifest-database.ts';
import type { Answer, Outcome, Request, ThreadSetting } from './messages.ts';

/** The most requests in one transaction: another process waits for its end. */
const groupLimit = 500;

/** The thread that owns the database. All requests that wait are one transaction, and so one fsync. */
class ManifestWorker {
  readonly #port: MessagePort;
  readonly #setting: ThreadSetting;
  #database: ManifestDatabase | undefined;

  constructor(port: MessagePort, setting: ThreadSetting) {
    this.#port = port;
    this.#setting = setting;
  }

  /** Answers a request and those behind it. */
  answer(first: Request): void {
    let group: TableRequest[] = [];
    for (let request: Request | undefined = first; request !== undefined; request = this.#next(group.length)) {
      if (request.call !== 'open' && request.call !== 'close') {
        group.push(request);
        continue;
      }
      this.#run(group);
      group = [];
      const outcome = outcomeOf(request.call === 'open' ? () => this.#open() : () => this.#close());
      this.#port.postMessage({ number: request.number, ...outcome } satisfies Answer);
    }
    this.#run(group);
  }

  #next(waiting: number): Request | undefined {
    // What is over the limit stays in the port, which announces it once more.
    if (waiting >= groupLimit) return undefined;
    return (receiveMessageOnPort(this.#port) as { message: Request } | undefined)?.message;
  }

  #run(group: readonly TableRequest[]): void {
    if (group.length === 0) return;
    assert(this.#database !== undefined, 'requests come between the opening and the closing');
    for (const answer of this.#database.run(group)) this.#port.postMessage(answer);
  }

  #open(): boolean {
    this.#database = ManifestDatabase.open(this.#setting);
    return this.#database !== undefined;
  }

  #close(): void {
    // With nothing to listen to, the thread ends.
    this.#port.unref();
    this.#database?.close();
    this.#database = undefined;
  }
}

function outcomeOf(work: () => unknown): Outcome {
  try {
    return { value: work() };
  } catch (error) {
    return { failure: toFailure(error) };
  }
}

assert(parentPort !== null, 'the worker runs in a thread of its own');
const worker = new ManifestWorker(parentPort, workerData as ThreadSetting);
parentPort.on('message', (request: Request) => worker.answer(request));
