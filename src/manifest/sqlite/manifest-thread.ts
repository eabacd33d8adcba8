import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { SealpartError, throwIfAborted } from '../../errors.ts';
import { untilAborted } from '../../flow/until-aborted.ts';
import { fromFailure } from './failure.ts';
import { type Answer, groupLimit, type Request, type ThreadCalls, type ThreadSetting } from './messages.ts';

// tsc does not rewrite this name: the worker has the same ending as this file, in the source and when built.
const manifestWorker = new URL(`./manifest-worker${extname(import.meta.url)}`, import.meta.url);

interface Waiting {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** The thread that owns the database, as the others see it. It keeps the process alive while a call waits, not longer. */
export class ManifestThread {
  readonly #name: string;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #ended: Promise<void>;
  readonly #hurry = new Int32Array(new SharedArrayBuffer(4));
  #nextNumber = 0;
  /** Requests that wait for the thread to have answered those before them. */
  readonly #outbox: Request[] = [];
  /** Requests that it was sent and has not answered. */
  #underWay = 0;
  /** Why there are no more answers. */
  #death: SealpartError | undefined;

  constructor(setting: Omit<ThreadSetting, 'patience'>, busyLimitMs: number, workerUrl: URL = manifestWorker) {
    this.#name = setting.name;
    const patience = { limitMs: busyLimitMs, hurry: this.#hurry };
    this.#worker = new Worker(workerUrl, {
      workerData: { ...setting, patience } satisfies ThreadSetting,
      // Node aborts the process where a thread is ended in the middle of a require(). The process's own options are not
      // handed down: some of them (--input-type) would keep the thread from starting, and it needs none.
      execArgv: ['--no-experimental-require-module'],
    });
    this.#worker.on('message', (answers: Answer[]) => this.#settle(answers));
    this.#worker.on('messageerror', (error) => this.#die(error));
    this.#worker.on('error', (error) => this.#die(error));
    this.#ended = new Promise((resolve) => {
      this.#worker.once('exit', (exitCode) => {
        this.#die(new Error(`it ended with exit code ${exitCode}`));
        resolve();
      });
    });
    this.#worker.unref();
  }

  /**
   * Has a call carried out. Whether it was is not known if this fails; one that is given up goes on in the thread.
   *
   * @throws SealpartError as the call does, `aborted`, and `manifest` if the thread died; SqliteError.
   */
  async call<Name extends keyof ThreadCalls>(
    signal: AbortSignal,
    call: Name,
    ...args: Parameters<ThreadCalls[Name]>
  ): Promise<ReturnType<ThreadCalls[Name]>> {
    throwIfAborted(signal);
    if (this.#death !== undefined) throw this.#death;
    const number = this.#nextNumber++;
    this.#send({ number, call, args } as Request);
    this.#worker.ref();
    const answered = new Promise<unknown>((resolve, reject) => this.#waiting.set(number, { resolve, reject }));
    try {
      return (await untilAborted(answered, signal)) as ReturnType<ThreadCalls[Name]>;
    } finally {
      this.#waiting.delete(number);
      if (this.#waiting.size === 0) this.#worker.unref();
    }
  }

  /**
   * While the thread is busy, what is asked meanwhile waits here and goes together: it could not begin any sooner, and
   * each message costs more than what is in it.
   */
  #send(request: Request): void {
    this.#outbox.push(request);
    if (this.#underWay === 0) this.#flush();
  }

  #flush(): void {
    if (this.#outbox.length === 0) return;
    const requests = this.#outbox.splice(0, groupLimit);
    this.#underWay = requests.length;
    this.#worker.postMessage(requests);
  }

  /** Has what was asked carried out, closes the database and waits for the thread's end. */
  async close(): Promise<void> {
    if (this.#death !== undefined) return;
    // What was given up need not wait for another process's lock.
    if (this.#waiting.size === 0) Atomics.store(this.#hurry, 0, 1);
    Atomics.notify(this.#hurry, 0);
    try {
      await this.call(new AbortController().signal, 'close');
    } finally {
      this.#worker.ref();
      await this.#ended;
    }
  }

  /** Ends the thread wherever it is. What it has not committed never was. */
  async kill(): Promise<void> {
    await this.#worker.terminate();
  }

  #settle(answers: readonly Answer[]): void {
    for (const answer of answers) {
      const waiting = this.#waiting.get(answer.number);
      if ('failure' in answer) waiting?.reject(fromFailure(answer.failure));
      else waiting?.resolve(answer.value);
    }
    this.#underWay -= answers.length;
    if (this.#underWay === 0) this.#flush();
  }

  #die(cause: unknown): void {
    if (this.#death === undefined) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      const message = `The thread of ${this.#name} died (${reason}): open the manifest again and resume.`;
      this.#death = new SealpartError('manifest', message, { cause });
    }
    for (const { reject } of this.#waiting.values()) reject(this.#death);
  }
}
