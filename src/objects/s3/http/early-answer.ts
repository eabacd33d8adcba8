import type { IncomingMessage } from 'node:http';

/** What an answer that came too early may say: an error document is a few hundred bytes. */
const bodyLimitBytes = 64 * 1024;
/** How long its body is waited for. Until then the peer may go on reading what is being sent to it. */
const bodyWaitMs = 1000;

/** Reads the body of an answer whose connection will be destroyed: what comes of it within the limits. Never fails. */
export function readEarlyAnswer(head: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let left = bodyLimitBytes;
    const finish = (): void => {
      clearTimeout(timer);
      head.off('data', take).off('end', finish).off('close', finish);
      resolve(Buffer.concat(chunks));
    };
    const take = (chunk: Buffer): void => {
      chunks.push(chunk.subarray(0, left));
      left -= Math.min(left, chunk.length);
      if (left === 0) finish();
    };
    const timer = setTimeout(finish, bodyWaitMs);
    head.on('data', take).once('end', finish).once('close', finish);
  });
}
