import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { abortError, SealpartError } from '../../errors.ts';

/** The most changes of one transaction: the event loop stands still meanwhile. */
const maxTogether = 100;

interface WaitingChange {
  readonly signal: AbortSignal;
  work(): unknown;
  settle(outcome: ChangeOutcome): void;
}

type ChangeOutcome = { readonly value: unknown } | { readonly error: unknown };

/**
 * Changes of a database that share commits: a commit waits for the disk, and one does for all that came while the last
 * one did. Each is whole or not at all by itself, and none is told that it has come about before it is on the disk.
 */
export class ChangeQueue {
  readonly #storeName: string;
  readonly #database: DatabaseSync;
  readonly #beginOne: StatementSync;
  readonly #keepOne: StatementSync;
  readonly #undoOne: StatementSync;
  #waiting: WaitingChange[] = [];
  #inDoubt = false;

  constructor(storeName: string, database: DatabaseSync) {
    this.#storeName = storeName;
    this.#database = database;
    this.#beginOne = database.prepare('SAVEPOINT one');
    this.#keepOne = database.prepare('RELEASE one');
    this.#undoOne = database.prepare('ROLLBACK TO one');
  }

  /**
   * True once a COMMIT has failed. SQLite has taken it back for all who look now, but what it wrote may still count
   * when the log is read again after a crash. So no file may be taken away on the grounds that its transaction failed.
   */
  get inDoubt(): boolean {
    return this.#inDoubt;
  }

  /**
   * Runs `work` in one of the next transactions, in its turn. Fails with what `work` throws, or with SQLite's error,
   * among them that another process holds the lock; then `work` may have run, and nothing of it has come about.
   */
  run<T>(signal: AbortSignal, work: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const settle = (outcome: ChangeOutcome) => {
        if ('error' in outcome) reject(outcome.error);
        else resolve(outcome.value as T);
      };
      // After what the disk has finished by now was heard of: that is what changes are waiting for together.
      if (this.#waiting.push({ signal, work, settle }) === 1) setImmediate(() => this.#runWaiting());
    });
  }

  #runWaiting(): void {
    const changes = this.#waiting.splice(0, maxTogether);
    if (this.#waiting.length > 0) setImmediate(() => this.#runWaiting());
    const outcomes = this.#commitTogether(changes);
    for (const [index, { settle }] of changes.entries()) settle(outcomes[index]!);
  }

  #commitTogether(changes: readonly WaitingChange[]): ChangeOutcome[] {
    try {
      if (!this.#database.isOpen) throw new SealpartError('store', `${this.#storeName} was closed.`);
      this.#database.exec('BEGIN IMMEDIATE');
      const outcomes = changes.map((change) => this.#attempt(change));
      this.#commit();
      return outcomes;
    } catch (error) {
      return changes.map(() => ({ error }));
    } finally {
      // There is nothing to roll back after a COMMIT, nor after the errors at which SQLite rolls back by itself.
      if (this.#database.isOpen && this.#database.isTransaction) this.#database.exec('ROLLBACK');
    }
  }

  #attempt({ signal, work }: WaitingChange): ChangeOutcome {
    if (signal.aborted) return { error: abortError(signal) };
    this.#beginOne.run();
    try {
      const value = work();
      this.#keepOne.run();
      return { value };
    } catch (error) {
      // Where SQLite has given up the whole transaction, none of its changes has come about.
      if (!this.#database.isTransaction) throw error;
      this.#undoOne.run();
      this.#keepOne.run();
      return { error };
    }
  }

  #commit(): void {
    try {
      this.#database.exec('COMMIT');
    } catch (error) {
      this.#inDoubt = true;
      throw error;
    }
  }
}
