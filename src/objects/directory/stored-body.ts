import type { FileHandle } from 'node:fs/promises';
import { assert } from '../../assert.ts';
import { SealpartError, throwIfAborted } from '../../errors.ts';
import type { ObjectBody, ObjectHead } from '../object-store.ts';
import { sliceBytes } from './part-files.ts';
import type { PartRow } from './part-table.ts';
import { storeError } from './store-error.ts';

/** Which bytes a body gives: of which files, from where in the first one, and how many in all. */
export interface BodyPlan {
  readonly head: ObjectHead;
  readonly parts: readonly PartRow[];
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

/** What a body needs of the store it comes from. */
export interface BodyGround {
  readonly storeName: string;
  /** The object as messages name it. */
  readonly label: string;
  /** Opens a part's file; throws `precondition` or `store` if it is not there any more. */
  openPart(part: PartRow, signal: AbortSignal): Promise<FileHandle>;
}

/** Reads an object's bytes from its part files, one file open at a time, straight into the reader's memory. */
export class StoredBody implements ObjectBody {
  readonly head: ObjectHead;
  readonly #ground: BodyGround;
  readonly #parts: readonly PartRow[];
  #index = 0;
  #position: number;
  #leftBytes: number;
  #handle: FileHandle | undefined;
  #closed = false;

  /** `firstHandle` is the file of the plan's first part, and the body's to close. */
  constructor(ground: BodyGround, plan: BodyPlan, firstHandle: FileHandle) {
    this.head = plan.head;
    this.#ground = ground;
    this.#parts = plan.parts;
    this.#position = plan.offsetBytes;
    this.#leftBytes = plan.lengthBytes;
    this.#handle = firstHandle;
  }

  async read(target: Uint8Array, signal: AbortSignal): Promise<number> {
    assert(!this.#closed, 'a body must not be read after it was closed');
    try {
      let filled = 0;
      while (filled < target.length && this.#leftBytes > 0) {
        throwIfAborted(signal);
        filled += await this.#readSlice(target, filled, signal);
      }
      return filled;
    } catch (error) {
      throw storeError(error, `read ${this.#ground.label}`, this.#ground.storeName);
    }
  }

  async #readSlice(target: Uint8Array, offset: number, signal: AbortSignal): Promise<number> {
    const part = await this.#partAtPosition();
    const handle = this.#handle ?? (await this.#openPart(part, signal));
    const length = Math.min(target.length - offset, part.sizeBytes - this.#position, this.#leftBytes, sliceBytes);
    const { bytesRead } = await handle.read(target, offset, length, this.#position);
    if (bytesRead === 0) {
      const where = `Part ${part.partNumber} of ${this.#ground.label} in ${this.#ground.storeName}`;
      throw new SealpartError('store', `${where} became shorter while it was read: the store was damaged.`);
    }
    this.#position += bytesRead;
    this.#leftBytes -= bytesRead;
    return bytesRead;
  }

  async #openPart(part: PartRow, signal: AbortSignal): Promise<FileHandle> {
    const handle = await this.#ground.openPart(part, signal);
    if (this.#closed) {
      await handle.close();
      throw new SealpartError('aborted', `${this.#ground.label} was closed while it was read.`);
    }
    this.#handle = handle;
    return handle;
  }

  /** The part that holds the next byte. */
  async #partAtPosition(): Promise<PartRow> {
    for (;;) {
      const part = this.#parts[this.#index];
      assert(part !== undefined, 'the parts of a body must hold all of its bytes');
      if (this.#position < part.sizeBytes) return part;
      await this.#closeHandle();
      this.#index += 1;
      this.#position = 0;
    }
  }

  async #closeHandle(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#closeHandle();
  }
}
