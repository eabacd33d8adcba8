import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { signedByHeader } from '../../s3-protocol/sdk-signer.ts';
import { hostOf } from './signed-ground.ts';

/** A PUT whose body goes as the test says. */
export interface PacedPut {
  /** Sends so much more of the content, and waits until the kernel has it. */
  send(lengthBytes: number): Promise<void>;
  /** Sends the rest. */
  finish(): void;
  /** Goes away, without a word. */
  abort(): void;
  /** `200`, `400 RequestTimeout`; undefined if the connection ended without an answer. */
  readonly answered: Promise<string | undefined>;
}

export interface PutTarget {
  readonly port: number;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** Begins a PUT of content that is not signed. */
export async function beginPut(
  { port, region, accessKeyId, secretAccessKey }: PutTarget,
  path: string,
  content: Buffer,
): Promise<PacedPut> {
  const signed = await signedByHeader(
    { method: 'PUT', path, headers: { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } },
    { atMs: Date.now(), accessKeyId, secret: secretAccessKey, region },
  );
  const headers = { ...Object.fromEntries(hostOf(signed)), 'content-length': String(content.length) };
  const request = httpRequest({ host: '127.0.0.1', port, path, method: 'PUT', headers, agent: false });
  let sentBytes = 0;
  return {
    answered: answerTo(request),
    send: (lengthBytes) => {
      const piece = content.subarray(sentBytes, sentBytes + lengthBytes);
      sentBytes += piece.length;
      return new Promise((resolve) => {
        request.write(piece, () => resolve());
      });
    },
    abort: () => void request.destroy(),
    finish: () => void request.end(content.subarray(sentBytes)),
  };
}

function answerTo(request: ClientRequest): Promise<string | undefined> {
  return new Promise((resolve) => {
    request.once('response', (response: IncomingMessage) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
      });
      response.once('end', () => resolve([response.statusCode, /<Code>(\w+)/.exec(text)?.[1] ?? []].flat().join(' ')));
      response.once('error', () => resolve(undefined));
    });
    // An end without an answer is one that a test may wait for.
    request.on('error', () => resolve(undefined));
  });
}
