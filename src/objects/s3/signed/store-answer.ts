import type { Readable } from 'node:stream';
import { unreadableAnswer } from '../failure.ts';
import { RefusedAnswer } from './refused-answer.ts';

/** An answer of a store that did what it was asked: 2xx. */
export interface StoreAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** To be read to its end, dropped or destroyed. */
  readonly body: Readable;
}

/**
 * Takes and forgets the body of an answer that says all in its head, and resolves when its connection is free for the
 * next request. What becomes of the body makes no difference.
 */
export function dropBody({ body }: Pick<StoreAnswer, 'body'>): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      body.off('end', finish).off('error', finish).off('close', finish);
      resolve();
    };
    body.on('end', finish).on('error', finish).on('close', finish);
    body.resume();
  });
}

/**
 * The whole body of an answer.
 *
 * @throws RefusedAnswer if it is longer than the limit; what the connection failed with
 */
export async function readWhole(answer: StoreAnswer, limitBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of answer.body as AsyncIterable<Uint8Array>) {
    sizeBytes += chunk.length;
    if (sizeBytes > limitBytes) throw unreadable(answer, `the answer has more than ${limitBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** What is told of an answer that does not say what it must. */
export function unreadable({ status, headers }: Omit<StoreAnswer, 'body'>, message: string): RefusedAnswer {
  const requestId = headers['x-amz-request-id'];
  return new RefusedAnswer({
    status,
    code: unreadableAnswer,
    message,
    headers,
    ...(requestId === undefined ? {} : { requestId }),
  });
}
