import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { once } from 'node:events';
import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http';
import { SignatureV4 } from '@smithy/signature-v4';
import type { LoadJob, LoadResult } from './load-job.ts';

// A client that costs as little as one can: it signs the head, declares nothing of the body, and sends one buffer again
// and again. Run as a process of its own, it reads jobs as messages and answers with results.

const pieceBytes = 256 * 2 ** 10;
const piece = Buffer.alloc(pieceBytes, 'sealpart');
const agent = new Agent({ keepAlive: true, maxSockets: 256 });

/** What the signer asks of a hash. */
class Sha256 {
  readonly #hash: Hash | Hmac;
  constructor(secret?: Uint8Array | string) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret);
  }
  update(data: Uint8Array | string): void {
    this.#hash.update(data);
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
  reset(): void {}
}

function signerOf({ region, accessKeyId, secretAccessKey }: LoadJob): SignatureV4 {
  return new SignatureV4({
    service: 's3',
    region,
    credentials: { accessKeyId, secretAccessKey },
    sha256: Sha256 as never,
    uriEscapePath: false,
    applyChecksum: false,
  });
}

async function run(job: LoadJob): Promise<LoadResult> {
  const signer = signerOf(job);
  const latenciesMs: number[] = [];
  let slowedDown = 0;
  let next = 0;
  const start = performance.now();
  const work = async (): Promise<void> => {
    while (next < job.requests) {
      const number = next++;
      const began = performance.now();
      for (;;) {
        const status = await send(job, signer, number);
        if (status !== 503) break;
        slowedDown += 1;
        await new Promise((resolve) => setTimeout(resolve, 50 + Math.random() * 200));
      }
      latenciesMs.push(performance.now() - began);
    }
  };
  await Promise.all(Array.from({ length: job.connections }, work));
  return { seconds: (performance.now() - start) / 1000, latenciesMs, slowedDown };
}

async function send(job: LoadJob, signer: SignatureV4, number: number): Promise<number> {
  const url = new URL(job.endpoint);
  const path = `/${job.bucket}/${job.prefix}${number % job.keys}`;
  const isPut = job.operation === 'put';
  const headers: Record<string, string> = {
    host: url.host,
    'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
    ...(isPut ? { 'content-length': `${job.sizeBytes}` } : {}),
    ...(job.operation === 'range' ? { range: rangeOf(job) } : {}),
  };
  const signed = await signer.sign({
    method: isPut ? 'PUT' : 'GET',
    protocol: 'http:',
    hostname: url.hostname,
    port: Number(url.port),
    path,
    headers,
    query: {},
  });
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { agent, host: url.hostname, port: url.port, method: isPut ? 'PUT' : 'GET', path, headers: signed.headers },
      (answer) => resolve(drained(answer, job)),
    );
    outgoing.on('error', reject);
    if (isPut && job.bytesPerSecond !== undefined) sendSlowly(outgoing, job.sizeBytes, job.bytesPerSecond);
    else if (isPut) sendBody(outgoing, job.sizeBytes);
    else outgoing.end();
  });
}

function rangeOf({ sizeBytes, objectBytes = sizeBytes }: LoadJob): string {
  const first = Math.floor(Math.random() * (objectBytes - sizeBytes));
  return `bytes=${first}-${first + sizeBytes - 1}`;
}

function sendBody(outgoing: ClientRequest, sizeBytes: number): void {
  let left = sizeBytes;
  const more = (): void => {
    while (left > 0) {
      const bytes = piece.subarray(0, Math.min(left, pieceBytes));
      left -= bytes.length;
      if (left === 0) {
        outgoing.end(bytes);
        return;
      }
      if (!outgoing.write(bytes)) {
        outgoing.once('drain', more);
        return;
      }
    }
    outgoing.end();
  };
  more();
}

/** A tenth of a second's worth every tenth of a second. */
async function sendSlowly(outgoing: ClientRequest, sizeBytes: number, bytesPerSecond: number): Promise<void> {
  const begin = performance.now();
  let sent = 0;
  while (sent < sizeBytes && !outgoing.destroyed) {
    const bytes = piece.subarray(0, Math.min(sizeBytes - sent, pieceBytes));
    sent += bytes.length;
    if (!outgoing.write(bytes)) await drainOrClose(outgoing);
    const aheadMs = (sent / bytesPerSecond) * 1000 - (performance.now() - begin);
    if (aheadMs > 0) await new Promise((resolve) => setTimeout(resolve, aheadMs));
  }
  outgoing.end();
}

async function drainOrClose(outgoing: ClientRequest): Promise<void> {
  const waiting = new AbortController();
  const { signal } = waiting;
  try {
    await Promise.race([once(outgoing, 'drain', { signal }), once(outgoing, 'close', { signal })]);
  } finally {
    waiting.abort();
  }
}

/** @throws Error if the answer is none that was wanted, or has another length */
async function drained(answer: IncomingMessage, { operation, sizeBytes, bytesPerSecond }: LoadJob): Promise<number> {
  const status = answer.statusCode!;
  const begin = performance.now();
  let received = 0;
  let text = '';
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    received += chunk.length;
    if (status >= 300 && text.length < 500) text += chunk.toString('latin1');
    const aheadMs = bytesPerSecond === undefined ? 0 : (received / bytesPerSecond) * 1000 - (performance.now() - begin);
    if (aheadMs > 0) await new Promise((resolve) => setTimeout(resolve, aheadMs));
  }
  if (status === 503) return status;
  if (status >= 300) throw new Error(`${operation} was answered with ${status}: ${text}`);
  if (operation !== 'put' && received !== sizeBytes) throw new Error(`${operation} gave ${received} bytes`);
  return status;
}

process.on('message', (job: LoadJob) => {
  run(job).then(
    (result) => process.send!({ result }),
    (error: unknown) => process.send!({ error: error instanceof Error ? error.message : String(error) }),
  );
});
process.send!({ ready: true });
