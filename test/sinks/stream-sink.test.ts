import { once } from 'node:events';
import { createServer, get } from 'node:http';
import { type AddressInfo, connect, createServer as createSocketServer, type Socket } from 'node:net';
import { PassThrough, Writable } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SealpartError } from '../../src/errors.ts';
import { createStreamSink } from '../../src/sinks/stream-sink.ts';
import { type SinkHarness, sinkContract } from '../contracts/sink.ts';

const go = new AbortController().signal;

/** A stream that keeps what it is given, and knows whether it was ended. */
class Collector extends Writable {
  readonly chunks: Uint8Array[] = [];
  ended = false;

  override _write(chunk: Uint8Array, _: BufferEncoding, callback: () => void): void {
    this.chunks.push(chunk);
    setImmediate(callback);
  }

  override _final(callback: () => void): void {
    this.ended = true;
    callback();
  }
}

/** Two ends of a connection. */
async function socketPair(): Promise<[Socket, Socket]> {
  const server = createSocketServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const near = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [far] = (await once(server, 'connection')) as [Socket];
  onTestFinished(() => {
    near.destroy();
    far.destroy();
    server.close();
  });
  return [near, far];
}

async function socketHarness(): Promise<SinkHarness> {
  const [near, far] = await socketPair();
  const chunks: Buffer[] = [];
  let ended = false;
  far.on('data', (chunk: Buffer) => chunks.push(chunk));
  far.on('error', () => undefined);
  const closed = new Promise((resolve) => far.once('close', resolve));
  far.on('end', () => {
    ended = true;
  });
  return {
    before: undefined,
    open: async () => createStreamSink(near),
    async visible() {
      if (near.destroyed || near.writableFinished) await closed;
      return ended ? Buffer.concat(chunks) : undefined;
    },
  };
}

/** A response of known length: its reader can tell when it was cut off. */
async function responseHarness(): Promise<SinkHarness> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const request = get({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', agent: false });
  const [, response] = await once(server, 'request');
  onTestFinished(() => {
    request.destroy();
    server.closeAllConnections();
    server.close();
  });
  response.flushHeaders();
  const [answer] = await once(request, 'response');
  const chunks: Buffer[] = [];
  answer.on('data', (chunk: Buffer) => chunks.push(chunk));
  answer.on('error', () => undefined);
  const closed = new Promise((resolve) => answer.once('close', resolve));
  return {
    before: undefined,
    open: async () => createStreamSink(response),
    async visible() {
      if (response.destroyed || response.writableFinished) await closed;
      return answer.complete ? Buffer.concat(chunks) : undefined;
    },
  };
}

sinkContract('a sink over a stream', async () => {
  const stream = new Collector();
  return {
    before: undefined,
    open: async () => createStreamSink(stream),
    visible: async () => (stream.ended ? Buffer.concat(stream.chunks) : undefined),
  };
});
sinkContract('a sink over a socket', socketHarness);
sinkContract('a sink over a response', responseHarness);

/** A stream that takes a first chunk and never says that it is done. */
function stalled(): Writable {
  return new Writable({ write: () => undefined });
}

describe('a stream sink', () => {
  it('waits until the stream has taken the bytes', async () => {
    let done: (() => void) | undefined;
    const stream = new Writable({
      write(_chunk, _encoding, callback) {
        done = callback;
      },
    });
    let settled = false;
    const writing = createStreamSink(stream)
      .writeTentative(new Uint8Array(10), go)
      .then(() => {
        settled = true;
      });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(settled).toBe(false);
    done!();
    await writing;
  });

  it('keeps bytes that streams hand on untouched by their owner', async () => {
    const stream = new PassThrough({ highWaterMark: 1024 * 1024 });
    const sink = createStreamSink(stream);
    const bytes = new Uint8Array(1000).fill(1);
    await sink.writeTentative(bytes, go);
    bytes.fill(2);
    await sink.commitSegment(go);
    await sink.finish(go);
    expect((stream.read() as Buffer).every((byte) => byte === 1)).toBe(true);
  });

  it('has one piece at most in the stream, however large the write', async () => {
    let most = 0;
    const stream = new Writable({
      write(_chunk, _encoding, callback) {
        most = Math.max(most, stream.writableLength);
        setImmediate(callback);
      },
    });
    const sink = createStreamSink(stream);
    await sink.writeTentative(new Uint8Array(3 * 1024 * 1024), go);
    expect(most).toBe(256 * 1024);
  });

  it('stops waiting when the signal fires, and destroys the stream', async () => {
    const stream = stalled();
    const sink = createStreamSink(stream);
    await expect(sink.writeTentative(new Uint8Array(10), AbortSignal.timeout(20))).rejects.toMatchObject({
      code: 'aborted',
    });
    expect(stream.destroyed).toBe(true);
    expect(stream.writableEnded).toBe(false);
    await expect(sink.writeTentative(new Uint8Array(10), go)).rejects.toMatchObject({ code: 'aborted' });
    await sink.abort();
  });

  it('writes nothing more from memory that it gave back when it was stopped', async () => {
    const [near, far] = await socketPair();
    const sink = createStreamSink(near);
    const bytes = new Uint8Array(64 * 1024 * 1024).fill(1);
    const stop = new AbortController();
    const writing = sink.writeTentative(bytes, stop.signal);
    // Nobody reads yet, so a piece is stuck half-way.
    setTimeout(() => stop.abort(), 50);
    await expect(writing).rejects.toMatchObject({ code: 'aborted' });
    bytes.fill(2);
    let received = 0;
    far.on('error', () => undefined);
    far.on('data', (chunk: Buffer) => {
      received += chunk.length;
      expect(chunk.includes(2)).toBe(false);
    });
    await new Promise((resolve) => far.once('close', resolve));
    expect(received).toBeGreaterThan(0);
    expect(received).toBeLessThan(bytes.length);
  });

  it('stops waiting for the end of a stream that does not end', async () => {
    const stream = new Writable({ write: (_chunk, _encoding, callback) => callback(), final: () => undefined });
    const sink = createStreamSink(stream);
    await expect(sink.finish(AbortSignal.timeout(20))).rejects.toMatchObject({ code: 'aborted' });
    expect(stream.destroyed).toBe(true);
  });

  it('destroys the stream when it is aborted, and does not end it', async () => {
    const stream = new Collector();
    const sink = createStreamSink(stream);
    await sink.writeTentative(new Uint8Array(10), go);
    await sink.abort();
    expect([stream.destroyed, stream.ended]).toEqual([true, false]);
  });

  it('leaves a stream open that outlives its content', async () => {
    const stream = new Collector();
    const sink = createStreamSink(stream, { leaveOpen: true });
    await sink.writeTentative(new Uint8Array(10), go);
    await sink.commitSegment(go);
    await sink.finish(go);
    expect([stream.writableEnded, stream.destroyed, stream.chunks.length]).toEqual([false, false, 1]);
  });

  it.each([
    ['EPIPE', /^The reader of the pipe went away \(EPIPE\).*incomplete: discard it\.$/],
    ['ECONNRESET', /^The reader of the pipe went away \(ECONNRESET\)/],
    ['ENOSPC', /^the pipe could not be written: no space is left/],
  ])('explains %s', async (code, message) => {
    const cause = Object.assign(new Error(`write ${code}`), { code });
    const stream = new Writable({ write: (_chunk, _encoding, callback) => callback(cause) });
    const sink = createStreamSink(stream, { name: 'the pipe' });
    const failure = await sink.writeTentative(new Uint8Array(10), go).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(SealpartError);
    expect(failure).toMatchObject({ code: 'io', cause, message: expect.stringMatching(message) });
    await expect(sink.commitSegment(go)).rejects.toBe(failure);
    await expect(sink.finish(go)).rejects.toBe(failure);
    expect(stream.destroyed).toBe(true);
  });

  it('notices a reader who goes away during a wait and one who went between two', async () => {
    const during = stalled();
    const writing = createStreamSink(during).writeTentative(new Uint8Array(10), go);
    setTimeout(() => during.destroy(), 10);
    await expect(writing).rejects.toMatchObject({ code: 'io', message: expect.stringContaining('went away') });

    const between = new Collector();
    const sink = createStreamSink(between);
    await sink.writeTentative(new Uint8Array(10), go);
    between.destroy();
    await once(between, 'close');
    await expect(sink.commitSegment(go)).rejects.toMatchObject({ code: 'io' });

    const before = new Collector();
    before.destroy();
    await once(before, 'close');
    const late = createStreamSink(before).writeTentative(new Uint8Array(10), go);
    await expect(late).rejects.toMatchObject({ code: 'io' });
  });

  it('reports a stream that throws', async () => {
    const stream = new Writable({
      write() {
        throw new Error('a consumer with a bug');
      },
    });
    const sink = createStreamSink(stream);
    await expect(sink.writeTentative(new Uint8Array(10), go)).rejects.toMatchObject({
      code: 'io',
      message: expect.stringContaining('a consumer with a bug'),
    });
    await sink.abort();
  });

  it('is not used after its end', async () => {
    const sink = createStreamSink(new Collector());
    await sink.finish(go);
    await expect(sink.writeTentative(new Uint8Array(1), go)).rejects.toThrow('finished');
    const aborted = createStreamSink(new Collector());
    await aborted.abort();
    await expect(aborted.commitSegment(go)).rejects.toThrow('aborted');
    await expect(aborted.rollbackSegment()).rejects.toThrow('aborted');
  });
});
