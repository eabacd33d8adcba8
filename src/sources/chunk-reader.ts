import type { Readable } from 'node:stream';

/** Everything that gives bytes a chunk at a time: Node's streams, the web's, and what can be iterated. */
export type ByteStream = Readable | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>;

/** One way to pull chunks from any of them. One call at a time. */
export interface ChunkReader {
  /** The next chunk, undefined at the end. Fails as the stream fails. */
  next(): Promise<unknown>;
  /** Tells the producer that nothing more is wanted, also while `next` is waiting. */
  stop(): Promise<void>;
}

const expectation = 'expected a Readable, a ReadableStream or an async iterable of Uint8Array';

function readNodeStream(stream: Readable): ChunkReader {
  // Node ends the process for an `error` event that nobody listens to, and none may be listening before the first
  // read or after the last. The error itself comes out of the iterator.
  stream.on('error', () => undefined);
  const iterator: AsyncIterator<unknown> = stream[Symbol.asyncIterator]();
  return {
    async next() {
      const step = await iterator.next();
      return step.done === true ? undefined : step.value;
    },
    async stop() {
      stream.destroy();
    },
  };
}

function readWebStream(stream: ReadableStream<Uint8Array>): ChunkReader {
  const reader = stream.getReader();
  return {
    async next() {
      const step = await reader.read();
      return step.done ? undefined : step.value;
    },
    async stop() {
      await reader.cancel();
    },
  };
}

function readIterable(iterable: AsyncIterable<unknown>): ChunkReader {
  const iterator = iterable[Symbol.asyncIterator]();
  return {
    async next() {
      const step = await iterator.next();
      return step.done === true ? undefined : step.value;
    },
    async stop() {
      await iterator.return?.();
    },
  };
}

/** Also true of streams of the readable-stream package, which are not instances of Node's class. */
function isNodeStream(stream: object): stream is Readable {
  return 'readableEncoding' in stream && 'destroy' in stream && 'on' in stream;
}

/** @throws TypeError for what is not a stream of bytes. */
export function readChunks(stream: ByteStream): ChunkReader {
  if (typeof stream !== 'object' || stream === null)
    throw new TypeError(`stream: ${expectation}, got ${typeof stream}`);
  if (isNodeStream(stream)) {
    if (stream.readableEncoding !== null) {
      throw new TypeError(`stream: expected bytes, but it decodes them as ${stream.readableEncoding}`);
    }
    return readNodeStream(stream);
  }
  if (stream instanceof ReadableStream) return readWebStream(stream);
  if (Symbol.asyncIterator in stream) return readIterable(stream);
  throw new TypeError(`stream: ${expectation}`);
}
