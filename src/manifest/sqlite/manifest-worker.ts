import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { assert } from '../../assert.ts';
import { toFailure } from './failure.ts';
import { ManifestDatabase, type TableRequest } from './manifest-database.ts';
import { type Answer, groupLimit, type Outcome, type Request, type ThreadSetting } from './messages.ts';

/** The thread that owns the database. All requests that wait are one transaction, and so one fsync. */
class ManifestWorker {
  readonly #port: MessagePort;
  readonly #setting: ThreadSetting;
  #database: ManifestDatabase | undefined;

  constructor(port: MessagePort, setting: ThreadSetting) {
    this.#port = port;
    this.#setting = setting;
  }

  /** Answers requests that came together, and those behind them. */
  answer(first: readonly Request[]): void {
    let group: TableRequest[] = [];
    for (const request of this.#waiting(first, () => group.length)) {
      if (request.call !== 'open' && request.call !== 'close') {
        group.push(request);
        continue;
      }
      this.#run(group);
      group = [];
      const outcome = outcomeOf(request.call === 'open' ? () => this.#open() : () => this.#close());
      this.#port.postMessage([{ number: request.number, ...outcome }] satisfies Answer[]);
    }
    this.#run(group);
  }

  /** Message by message, as long as there are some and the group is not full. */
  *#waiting(first: readonly Request[], grouped: () => number): Iterable<Request> {
    for (let requests: readonly Request[] | undefined = first; requests !== undefined; ) {
      yield* requests;
      // What is over the limit stays in the port, which announces it once more.
      if (grouped() >= groupLimit) return;
      requests = (receiveMessageOnPort(this.#port) as { message: Request[] } | undefined)?.message;
    }
  }

  #run(group: readonly TableRequest[]): void {
    if (group.length === 0) return;
    assert(this.#database !== undefined, 'requests come between the opening and the closing');
    this.#port.postMessage(this.#database.run(group) satisfies Answer[]);
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
parentPort.on('message', (requests: Request[]) => worker.answer(requests));
