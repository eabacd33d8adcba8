import { SealpartError } from '../errors.ts';
import type { GetRequest, ObjectBody, ObjectHead, ObjectName, ObjectStore } from '../objects/object-store.ts';
import { objectText } from './object-text.ts';
import type { ByteSpan } from './wire-input.ts';

/**
 * One version of an object: every answer is compared with it, whether the store honours conditions or not. It is asked for
 * by its ETag, and by its version id only if that is known: who wants whatever stands there now must not say one.
 */
export class PinnedObject {
  readonly name: string;
  readonly head: ObjectHead;
  readonly #store: ObjectStore;
  readonly #object: ObjectName;
  readonly #onAnswer: ((head: ObjectHead) => void) | undefined;
  /** Of the head, or else of the first answer: from then on no other version will do. */
  #versionId: string | undefined;

  /** @param onAnswer told of each answer that is about this version. */
  constructor(store: ObjectStore, object: ObjectName, head: ObjectHead, onAnswer?: (head: ObjectHead) => void) {
    this.#store = store;
    this.#object = object;
    this.#onAnswer = onAnswer;
    this.name = objectText(object);
    this.head = head;
    this.#versionId = head.versionId;
  }

  /**
   * Asks for a span of the object, all of which it has.
   *
   * @throws SealpartError `precondition` if the object is another one by now; what the store throws
   */
  async get({ start, end }: ByteSpan, signal: AbortSignal): Promise<ObjectBody> {
    const { bucket, key } = this.#object;
    const { etag } = this.head;
    const version = this.#versionId === undefined ? {} : { versionId: this.#versionId };
    const range = { first: start, last: end - 1 };
    // Nobody here wants to know the tags, which some stores would have to ask for.
    const body = await this.#ask({ bucket, key, range, ifMatch: etag, withTags: false, ...version }, signal);
    // §6.21.
    if (!this.#isSame(body.head)) {
      await body.close();
      throw this.#replaced();
    }
    this.#versionId ??= body.head.versionId;
    this.#onAnswer?.(body.head);
    return body;
  }

  /** Reads a whole span into `target`. */
  async read(span: ByteSpan, target: Uint8Array, signal: AbortSignal): Promise<void> {
    const body = await this.get(span, signal);
    try {
      await fillFrom(body, target, this.name, signal);
    } finally {
      await body.close();
    }
  }

  async #ask(request: GetRequest, signal: AbortSignal): Promise<ObjectBody> {
    try {
      return await this.#store.get(request, signal);
    } catch (error) {
      // The first answer said that these bytes are there.
      if (error instanceof SealpartError && error.code === 'bad-range') throw this.#replaced(error);
      throw error;
    }
  }

  #isSame({ etag, sizeBytes, versionId }: ObjectHead): boolean {
    const sameId = versionId === undefined || this.#versionId === undefined || versionId === this.#versionId;
    return sameId && etag === this.head.etag && sizeBytes === this.head.sizeBytes;
  }

  #replaced(cause?: SealpartError): SealpartError {
    return new SealpartError('precondition', `${this.name} was replaced while it was read: read it again.`, { cause });
  }
}

/**
 * Fills `target` with the next bytes of an answer.
 *
 * @throws SealpartError `store` if the answer ends before
 */
export async function fillFrom(body: ObjectBody, target: Uint8Array, name: string, signal: AbortSignal): Promise<void> {
  if ((await body.read(target, signal)) === target.length) return;
  throw new SealpartError('store', `${name} ended before the length its store had named: read it again.`);
}
