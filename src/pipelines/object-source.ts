import { SealpartError } from '../errors.ts';
import type { ObjectBody, ObjectHead, ObjectName, ObjectStore } from '../objects/object-store.ts';
import type { SeekableSource, Source } from '../sources/source.ts';
import { objectText } from './object-text.ts';

export { objectText };

/** Reads an object by ranges, all of them of the one version that `head` is of. */
export function objectRangeSource(store: ObjectStore, object: ObjectName, head: ObjectHead): SeekableSource {
  return {
    name: objectText(object),
    size: head.sizeBytes,
    async readAt(position, target, signal) {
      const length = Math.min(target.length, head.sizeBytes - position);
      if (length <= 0) return 0;
      const range = { first: position, last: position + length - 1 };
      const body = await store.get({ ...object, range, ifMatch: head.etag }, signal);
      try {
        judgeVersion(body, head, object);
        const count = await body.read(target.subarray(0, length), signal);
        if (count < length)
          throw new SealpartError('store', `${objectText(object)} ended before the length its store had named.`);
        return count;
      } finally {
        await body.close();
      }
    },
    close: () => Promise.resolve(),
  };
}

/** Reads an object from its first byte to its last, in one request that begins with the first read. */
export function objectSource(store: ObjectStore, object: ObjectName, head: ObjectHead): Source {
  let body: ObjectBody | undefined;
  return {
    name: objectText(object),
    size: head.sizeBytes,
    async read(target, signal) {
      if (body === undefined) {
        body = await store.get({ ...object, ifMatch: head.etag }, signal);
        judgeVersion(body, head, object);
      }
      return body.read(target, signal);
    },
    async close() {
      await body?.close();
    },
  };
}

/** Not every store honours ifMatch, so that the answer is compared as well. */
function judgeVersion(body: ObjectBody, head: ObjectHead, object: ObjectName): void {
  // §6.21.
  if (body.head.etag === head.etag) return;
  throw new SealpartError('precondition', `${objectText(object)} was replaced while it was read: read it again.`);
}
