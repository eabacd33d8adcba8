import { describe, expect, it } from 'vitest';
import { noteFault } from '../../support/fault-log.ts';
import { codeOf, RawClient } from './raw-client.ts';
import { echo, ok, readBody, testServer } from './test-server.ts';

const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n';

describe('H05: requests that two servers would read in two ways', () => {
  const cases: [string, string][] = [
    ['CL+TE', 'PUT /b/k HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nX'],
    ['TE+CL', 'PUT /b/k HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\nX'],
    ['TE: xchunked', 'PUT /b/k HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n'],
    ['TE: identity', 'PUT /b/k HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: identity\r\n\r\n'],
    ['TE: identity and CL', 'PUT /b/k HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: identity\r\nContent-Length: 0\r\n\r\n'],
    ['TE: gzip, chunked', 'PUT /b/k HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n'],
    ['TE: chunked, identity', 'PUT /b/k HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n'],
    [
      'TE twice',
      'PUT /b/k HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    [
      'TE with HTTP/1.0',
      'PUT /b/k HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n0\r\n\r\n',
    ],
    ['TE with a tab', 'PUT /b/k HTTP/1.1\r\nHost: h\r\nTransfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n'],
    [
      'TE with a space before the colon',
      'PUT /b/k HTTP/1.1\r\nHost: h\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n',
    ],
    ['CL+CL', 'PUT /b/k HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nContent-Length: 33\r\n\r\n'],
    ['CL+CL alike', 'PUT /b/k HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n'],
    ['CL list', 'PUT /b/k HTTP/1.1\r\nHost: h\r\nContent-Length: 0, 0\r\n\r\n'],
    ['CL with a sign', 'PUT /b/k HTTP/1.1\r\nHost: h\r\nContent-Length: +0\r\n\r\n'],
    ['CL in hex', 'PUT /b/k HTTP/1.1\r\nHost: h\r\nContent-Length: 0x0\r\n\r\n'],
    ['CL beyond all numbers', 'PUT /b/k HTTP/1.1\r\nHost: h\r\nContent-Length: 18446744073709551616\r\n\r\n'],
    ['CL beyond 2^53', 'PUT /b/k HTTP/1.1\r\nHost: h\r\nContent-Length: 9007199254740993\r\n\r\n'],
    ['CL that is empty', 'PUT /b/k HTTP/1.1\r\nHost: h\r\nContent-Length: \r\n\r\n'],
    ['LF only', 'GET /b/k HTTP/1.1\nHost: h\n\n'],
    ['LF after a header', 'GET /b/k HTTP/1.1\r\nHost: h\nX: y\r\n\r\n'],
    ['obs-fold', 'GET /b/k HTTP/1.1\r\nHost: h\r\nX: y\r\n z\r\n\r\n'],
    ['NUL in a value', 'GET /b/k HTTP/1.1\r\nHost: h\r\nX: y\0z\r\n\r\n'],
    ['NUL in the target', 'GET /b/\0 HTTP/1.1\r\nHost: h\r\n\r\n'],
    ['bare CR', 'GET /b/k HTTP/1.1\r\nHost: h\r\nX: y\rZ: a\r\n\r\n'],
    ['a space in a name', 'GET /b/k HTTP/1.1\r\nHost: h\r\nX Y: z\r\n\r\n'],
    ['no name', 'GET /b/k HTTP/1.1\r\nHost: h\r\n: z\r\n\r\n'],
    ['a space before the first header', 'GET /b/k HTTP/1.1\r\n Host: h\r\n\r\n'],
    ['two hosts', 'GET /b/k HTTP/1.1\r\nHost: h\r\nHost: i\r\n\r\n'],
    ['no host', 'GET /b/k HTTP/1.1\r\n\r\n'],
    ['two Authorizations', 'GET /b/k HTTP/1.1\r\nHost: h\r\nAuthorization: a\r\nauthorization: b\r\n\r\n'],
    ['a fragment', 'GET /b/k#f HTTP/1.1\r\nHost: h\r\n\r\n'],
    ['a target without a slash', 'GET b/k HTTP/1.1\r\nHost: h\r\n\r\n'],
    ['a space in the target', 'GET /b/k k HTTP/1.1\r\nHost: h\r\n\r\n'],
    ['HTTP/2.0', 'GET /b/k HTTP/2.0\r\nHost: h\r\n\r\n'],
    ['HTTP/0.9', 'GET /b/k\r\n\r\n'],
    ['no method there is', 'GRAB /b/k HTTP/1.1\r\nHost: h\r\n\r\n'],
    ['TLS where none is spoken', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
  ];

  it.each(cases)('%s', async (name, text) => {
    const { port, server, handled, over } = await testServer(echo);
    const client = await RawClient.connect(port);
    client.send(text + smuggled);
    const answer = await client.answer();
    expect(answer.status).toBe(400);
    expect(answer.headers.get('connection')).toBe('close');
    expect(codeOf(answer)).toMatch(/^(BadRequest|InvalidURI)$/);
    await client.end();
    await over(1);
    expect(client.received.toString()).toBe('');
    expect(handled).toEqual([]);
    noteFault({ id: 'H05', injected: name, reached: server.counters.malformed, outcome: '400, closed' });
  });

  const inBodies: [string, string][] = [
    ['a chunk size that is none', 'zz\r\nabc\r\n0\r\n\r\n'],
    ['a chunk size beyond all numbers', 'fffffffffffffffff\r\nabc'],
    ['a negative chunk size', '-3\r\nabc\r\n0\r\n\r\n'],
    ['a chunk size with LF only', '3\nabc\r\n0\r\n\r\n'],
    ['a chunk that is longer than it says', '3\r\nabcd\r\n0\r\n\r\n'],
    ['a flood of chunk extensions', `3;${'x=y;'.repeat(20_000)}\r\nabc\r\n0\r\n\r\n`],
    ['a flood of trailers', `3\r\nabc\r\n0\r\n${'x-t: y\r\n'.repeat(20_000)}\r\n`],
  ];

  it.each(inBodies)('in a body: %s', async (name, text) => {
    const { port, server, handled } = await testServer(echo);
    const client = await RawClient.connect(port);
    client.send(`PUT /b/k HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n${text}${smuggled}`);
    const answer = await client.answer();
    expect(answer.status).toBe(400);
    await client.end();
    expect(client.received.toString()).toBe('');
    expect(handled.map(({ target }) => target)).toEqual(['/b/k']);
    noteFault({ id: 'H05', injected: name, reached: server.counters.malformed, outcome: '400, closed' });
  });

  it.each([
    ['CONNECT', 'CONNECT example.com:80 HTTP/1.1\r\nHost: example.com:80\r\n\r\n', 405],
    ['TRACE', 'TRACE /b/k HTTP/1.1\r\nHost: h\r\n\r\n', 405],
    ['an upgrade', 'GET /b/k HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n', 501],
    [
      'an expectation that is unknown',
      'PUT /b/k HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: tea\r\n\r\nabc',
      400,
    ],
  ])('refuses %s', async (name, text, status) => {
    const { port, server, handled } = await testServer(echo);
    const client = await RawClient.connect(port);
    client.send(text + smuggled);
    expect((await client.answer()).status).toBe(status);
    await client.end();
    expect(client.received.toString()).toBe('');
    expect(handled).toEqual([]);
    noteFault({ id: 'H05', injected: name, reached: server.counters.malformed, outcome: `${status}, closed` });
  });

  it('passes over an offer of HTTP/2', async () => {
    const { port } = await testServer(async () => ok);
    const client = await RawClient.connect(port);
    client.send(
      'GET /b/k HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n',
    );
    expect((await client.answer()).status).toBe(200);
    client.send('GET /b/k HTTP/1.1\r\nHost: h\r\n\r\n');
    expect((await client.answer()).status).toBe(200);
  });
});

describe('H09: requests behind one another', () => {
  it('are answered one by one, in order', async () => {
    let atOnce = 0;
    let most = 0;
    const { port } = await testServer(async (request, signal) => {
      most = Math.max(most, ++atOnce);
      const body = await readBody(request, signal);
      await new Promise((resolve) => setTimeout(resolve, 5));
      atOnce--;
      return { status: 200, headers: [], body: Buffer.concat([Buffer.from(request.target), body]) };
    });
    const client = await RawClient.connect(port);
    client.send([1, 2, 3, 4].map((i) => `PUT /${i} HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nbody${i}`).join(''));
    for (const i of [1, 2, 3, 4]) expect((await client.answer()).body.toString()).toBe(`/${i}body${i}`);
    expect(most).toBe(1);
  });

  it('are dropped if the one before is refused', async () => {
    const { port, server, handled } = await testServer(async ({ target }) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return { status: target === '/2' ? 403 : 200, headers: [] };
    });
    const client = await RawClient.connect(port);
    client.send([1, 2, 3, 4].map((i) => `GET /${i} HTTP/1.1\r\nHost: h\r\n\r\n`).join(''));
    expect((await client.answer()).status).toBe(200);
    const refusal = await client.answer();
    expect([refusal.status, refusal.headers.get('connection')]).toEqual([403, 'close']);
    await client.end();
    expect(client.received.toString()).toBe('');
    expect(handled.map(({ target }) => target)).toEqual(['/1', '/2']);
    noteFault({
      id: 'H09',
      injected: 'requests behind a refused one',
      reached: server.counters.dropped,
      outcome: 'closed',
    });
  });

  it('are not made of a body that was refused unread', async () => {
    const { port, server, handled } = await testServer(async () => ({ status: 403, headers: [] }));
    const client = await RawClient.connect(port);
    const body = smuggled.repeat(10_000);
    client.send(`PUT /b/k HTTP/1.1\r\nHost: h\r\nContent-Length: ${body.length}\r\n\r\n`);
    client.send(body + smuggled);
    const answer = await client.answer();
    expect([answer.status, answer.headers.get('connection')]).toEqual([403, 'close']);
    await client.end();
    expect(client.received.toString()).toBe('');
    expect(handled).toHaveLength(1);
    noteFault({
      id: 'H09',
      injected: 'requests in and behind a refused body',
      reached: server.counters.requests,
      outcome: 'closed',
    });
  });

  it('go on behind a small body that was not read, and behind an error', async () => {
    const { port, handled } = await testServer(async ({ target }) => ({
      status: target === '/b/k' ? 404 : 200,
      headers: [],
    }));
    const client = await RawClient.connect(port);
    client.send('PUT /b/k HTTP/1.1\r\nHost: h\r\nContent-Length: 40000\r\n\r\n');
    const answer = await client.answer();
    expect([answer.status, answer.headers.get('connection')]).toEqual([404, 'keep-alive']);
    client.send(Buffer.alloc(40_000, smuggled));
    client.send('GET /next HTTP/1.1\r\nHost: h\r\n\r\n');
    expect((await client.answer()).status).toBe(200);
    expect(handled.map(({ target }) => target)).toEqual(['/b/k', '/next']);
  });

  it('are not waited for without end', async () => {
    const { port, server, handled } = await testServer(
      async () => {
        await new Promise((resolve) => setTimeout(resolve, 10));
        return ok;
      },
      { limits: { waitingRequests: 2 } },
    );
    const client = await RawClient.connect(port);
    client.send('GET /b/k HTTP/1.1\r\nHost: h\r\n\r\n'.repeat(10));
    await client.end();
    expect(handled.length).toBeLessThan(4);
    noteFault({
      id: 'H09',
      injected: 'more requests than may wait',
      reached: server.counters.dropped,
      outcome: 'closed',
    });
  });
});

describe('H10: a body that waits for 100 Continue', () => {
  it.each([10, 300_000])('is not asked for by a refusal (%i bytes)', async (lengthBytes) => {
    const { port, handled } = await testServer(async () => ({ status: 403, headers: [] }));
    const client = await RawClient.connect(port);
    client.send(`PUT /b/k HTTP/1.1\r\nHost: h\r\nContent-Length: ${lengthBytes}\r\nExpect: 100-continue\r\n\r\n`);
    const answer = await client.answer();
    expect([answer.status, answer.headers.get('connection')]).toEqual([403, 'close']);
    await client.end();
    expect(handled[0]!.body.receivedBytes).toBe(0);
    noteFault({
      id: 'H10',
      injected: `Expect with ${lengthBytes} bytes`,
      reached: handled.length,
      outcome: '403, unread',
    });
  });
});

describe('H11: headers', () => {
  it.each([
    ['over 16 KiB in one', `X: ${'y'.repeat(17_000)}\r\n`],
    ['over 16 KiB in many', `X: ${'y'.repeat(100)}\r\n`.repeat(200)],
    ['2,000 of them', 'X: \r\n'.repeat(2000)],
    ['more than are counted', 'X: \r\n'.repeat(260)],
  ])('%s are refused', async (name, headers) => {
    const { port, server, handled } = await testServer(echo);
    const client = await RawClient.connect(port);
    client.send(`GET /b/k HTTP/1.1\r\nHost: h\r\n${headers}\r\n${smuggled}`);
    const answer = await client.answer();
    expect([answer.status, codeOf(answer)]).toEqual([400, 'RequestHeaderSectionTooLarge']);
    await client.end();
    expect(handled).toEqual([]);
    noteFault({ id: 'H11', injected: name, reached: server.counters.malformed, outcome: '400' });
  });

  it('with names that mean something to JavaScript mean nothing', async () => {
    const names = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', '__defineGetter__'];
    const { port, handled } = await testServer(async () => ok);
    const client = await RawClient.connect(port);
    client.send(
      `GET /__proto__/constructor?__proto__=1 HTTP/1.1\r\nHost: h\r\n${names.map((name) => `${name}: x\r\n`).join('')}\r\n`,
    );
    expect((await client.answer()).status).toBe(200);
    expect(handled[0]!.headers.slice(1)).toEqual(names.map((name) => [name, 'x']));
    expect(({} as { x?: unknown }).x).toBeUndefined();
    noteFault({ id: 'H11', injected: 'names of prototypes', reached: handled.length, outcome: 'passed as they are' });
  });
});

describe('H12: what is reflected', () => {
  it.each([
    ['CR LF', 'a\r\nSet-Cookie: b'],
    ['LF', 'a\nb'],
    ['CR', 'a\rb'],
    ['NUL', 'a\0b'],
    ['a character that is cut to LF', 'a\u010ab'],
    ['a character that is no byte', 'a\u20ac'],
    ['DEL', 'a\x7f'],
  ])('%s in a header is an error, and not let through', async (name, text) => {
    const { port, refused } = await testServer(async () => ({ status: 200, headers: [['x-amz-meta-a', text]] }));
    const client = await RawClient.connect(port);
    client.send('GET /b/k HTTP/1.1\r\nHost: h\r\n\r\n');
    const answer = await client.answer();
    expect([answer.status, codeOf(answer)]).toEqual([500, 'InternalError']);
    expect(answer.headers.has('x-amz-meta-a')).toBe(false);
    expect(answer.headers.has('set-cookie')).toBe(false);
    noteFault({ id: 'H12', injected: `${name} in a header`, reached: refused.length, outcome: '500' });
  });

  it('in the name of a header is an error too', async () => {
    const { port, refused } = await testServer(async () => ({ status: 200, headers: [['x-amz-meta-a:\r\nb', 'c']] }));
    const client = await RawClient.connect(port);
    client.send('GET /b/k HTTP/1.1\r\nHost: h\r\n\r\n');
    expect((await client.answer()).status).toBe(500);
    noteFault({ id: 'H12', injected: 'CR LF in a name', reached: refused.length, outcome: '500' });
  });
});
