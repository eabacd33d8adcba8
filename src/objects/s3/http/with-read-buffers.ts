import type { Agent } from 'node:http';
import type { Duplex } from 'node:stream';

/** How much is taken from the kernel at a time: with 64 KiB, Node's own measure, a fifth more time goes into calls. */
const readBufferBytes = 256 * 1024;

/**
 * Has an agent's connections read into one buffer each, again and again.
 *
 * Node gives each piece that arrives on a socket memory of its own, and its HTTP parser then copies what belongs to the
 * body into another. Both are garbage a moment later, and so much of it that V8 collects the whole heap, at 1 GB/s
 * several times a second. Only the parser's copies are made with this, and whoever reads the body may free them.
 */
export function withReadBuffers<A extends Agent>(agent: A): A {
  const connect = agent.createConnection.bind(agent);
  agent.createConnection = (options, callback) => {
    const onread = {
      buffer: Buffer.allocUnsafeSlow(readBufferBytes),
      callback: (count: number, bytes: Uint8Array): boolean => {
        // What a socket without such a buffer does, and what node:http listens for. It keeps none of these bytes.
        socket?.emit('data', bytes.subarray(0, count));
        return true;
      },
    };
    const socket: Duplex | null | undefined = connect({ ...options, onread } as typeof options, callback);
    return socket;
  };
  return agent;
}
