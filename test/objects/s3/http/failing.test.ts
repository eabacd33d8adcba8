import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { RequestError } from '../../../../src/objects/s3/http/request-error.ts';
import { createRequestHandler } from '../../../../src/objects/s3/http/request-handler.ts';
import { type PeerConnection, requestTo, sharedBytes, startPeer, testHandler } from './raw-peer.ts';

async function failureOf(work: Promise<unknown>): Promise<RequestError> {
  return (await work.then(
    () => new Error('it did not fail'),
    (error: unknown) => error,
  )) as RequestError;
}

const resets = /^(ECONNRESET|EPIPE|ECONNABORTED)$/;

describe.each([{ secure: false }, { secure: true }])('S24: a connection that is reset, TLS: $secure', ({ secure }) => {
  const ends: [string, (connection: PeerConnection) => void][] = [
    ['reset', (connection) => connection.reset()],
    ['closed', (connection) => connection.socket.destroy()],
  ];
  describe.each(ends)('%s', (_, end) => {
    it.each<[string, string[], (connection: PeerConnection) => Promise<unknown>]>([
      ['at once', ['sending', 'connecting'], async () => undefined],
      ['in the head', ['sending'], (connection) => connection.read(20)],
      ['in the body', ['sending'], (connection) => connection.read(3_000_000)],
      ['after the body', ['waiting'], (connection) => connection.readRequest()],
      [
        'in the head of the answer',
        ['waiting'],
        async (connection) => {
          await connection.readRequest();
          connection.write('HTTP/1.1 200 OK\r\nx');
          await delay(20);
        },
      ],
    ])('%s', async (_, stages, phase) => {
      const peer = await startPeer(
        async (connection) => {
          await phase(connection);
          end(connection);
        },
        { secure },
      );
      const error = await failureOf(testHandler().handle(peer.request({ body: sharedBytes(24_000_000, 1) })));
      expect(error).toBeInstanceOf(RequestError);
      expect(error).toMatchObject({ name: 'RequestError', code: expect.stringMatching(resets), staleSocket: false });
      expect(stages).toContain(error.stage);
      expect(error.cause).toBeInstanceOf(Error);
      expect(error.message).toContain(`127.0.0.1:${peer.port}`);
    });

    it.each([
      ['of known length', 'content-length: 100000\r\n\r\nbegun'],
      ['in chunks', 'transfer-encoding: chunked\r\n\r\n5\r\nbegun\r\n'],
      ['in the middle of a chunk', 'transfer-encoding: chunked\r\n\r\nff\r\nbegun'],
    ])('in the body of an answer %s', async (_, begun) => {
      const peer = await startPeer(
        async (connection) => {
          await connection.readRequest();
          connection.write(`HTTP/1.1 200 OK\r\n${begun}`);
          await delay(20);
          end(connection);
        },
        { secure },
      );
      const { response } = await testHandler().handle(peer.request());
      expect(await failureOf(text(response.body))).toMatchObject({ code: 'ECONNRESET' });
    });
  });

  it('after it had served another request, it is known for that', async () => {
    const peer = await startPeer(
      async (connection, index) => {
        await connection.readRequest();
        connection.answer('200 OK', 'first');
        if (index > 0) return;
        await connection.readHead();
        connection.reset();
      },
      { secure },
    );
    const handler = testHandler({ maxSockets: 1 });
    // The second request waits for the first one's connection, and gets it without the agent calling it used again.
    const requests = [0, 1].map(() => handler.handle(peer.request({ body: sharedBytes(1_000_000, 1) })));
    expect(await text((await requests[0]!).response.body)).toBe('first');
    const error = await failureOf(requests[1]!);
    expect(error).toMatchObject({ staleSocket: true, code: expect.stringMatching(resets) });
    const { response } = await handler.handle(peer.request());
    expect(await text(response.body)).toBe('first');
  });

  it('after it had served another request, but with an answer begun, it is not', async () => {
    const peer = await startPeer(
      async (connection) => {
        await connection.readRequest();
        connection.answer('200 OK', 'first');
        await connection.readRequest();
        connection.write('HTTP/1.1 200');
        await delay(20);
        connection.reset();
      },
      { secure },
    );
    const handler = testHandler();
    await text((await handler.handle(peer.request())).response.body);
    expect(await failureOf(handler.handle(peer.request()))).toMatchObject({ staleSocket: false, stage: 'waiting' });
  });
});

describe('an answer that is no answer', () => {
  it.each([
    ['not HTTP', 'SSH-2.0-OpenSSH_9.6\r\n\r\n', /^HPE_/],
    [
      'a change of protocols',
      'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n',
      /^ECONNRESET$/,
    ],
    ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd', /^HPE_/],
  ])('%s', async (_, answer, code) => {
    const peer = await startPeer(async (connection) => {
      await connection.readRequest();
      connection.write(answer);
    });
    const error = await failureOf(testHandler().handle(peer.request({ body: 'x' })));
    expect(error).toMatchObject({ name: 'RequestError', code: expect.stringMatching(code) });
  });

  it('more bytes than it said are not read, and do not reach the next one', async () => {
    const peer = await startPeer(async (connection) => {
      await connection.readRequest();
      connection.write('HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nabcdefgh');
    });
    const handler = testHandler();
    for (let i = 0; i < 2; i++) {
      const { response } = await handler.handle(peer.request());
      expect(await text(response.body)).toBe('abcd');
    }
    expect(peer.connections.length).toBe(2);
  });
});

describe('a connection that cannot be made', () => {
  it('to a closed port', async () => {
    const error = await failureOf(testHandler().handle(requestTo(1, false, { body: 'x' })));
    expect(error).toMatchObject({ code: 'ECONNREFUSED', stage: 'connecting', staleSocket: false });
    expect(error.message).toMatch(/^The connection to 127\.0\.0\.1:1 failed while connecting: .*ECONNREFUSED.*\.$/);
  });

  it('to a host without an address', async () => {
    const error = await failureOf(testHandler().handle({ ...requestTo(80, false), hostname: 'nowhere.invalid' }));
    expect(error.code).toMatch(/^(ENOTFOUND|EAI_AGAIN)$/);
    expect(error).toMatchObject({ stage: 'connecting' });
  });

  it('to a server with a certificate that nobody trusts', async () => {
    const peer = await startPeer(() => undefined, { secure: true });
    const handler = createRequestHandler();
    const error = await failureOf(handler.handle(peer.request({ body: 'x' })));
    expect(error).toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT', stage: 'connecting' });
  });

  it('to a server with a certificate for another name', async () => {
    const peer = await startPeer(() => undefined, { secure: true });
    const headers = { host: 'store.example' };
    const error = await failureOf(testHandler().handle(peer.request({ body: 'x', headers })));
    expect(error).toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID', stage: 'connecting' });
  });

  it('to a server that speaks no TLS', async () => {
    const peer = await startPeer((connection) => connection.write('HTTP/1.1 400 Bad Request\r\n\r\n'));
    const error = await failureOf(testHandler().handle({ ...peer.request(), protocol: 'https:' }));
    expect(error).toMatchObject({ name: 'RequestError', stage: 'connecting' });
    expect(error.code).toMatch(/^ERR_SSL_/);
  });
});

it('says nothing of what would let others in', async () => {
  const peer = await startPeer((connection) => connection.reset());
  const headers = { authorization: 'AWS4-HMAC-SHA256 Credential=AKIA', 'x-amz-security-token': 'token-token' };
  const error = await failureOf(testHandler().handle(peer.request({ body: 'x', headers })));
  const { inspect } = await import('node:util');
  expect(inspect(error, { depth: 10, showHidden: true })).not.toMatch(/AKIA|token-token/);
});
