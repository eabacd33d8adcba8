import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HeaderField } from '../../src/s3-protocol/signature/raw-request.ts';
import { BodySigner } from '../s3-protocol/signed-body.ts';
import { randomLooking } from '../support/content.ts';
import { noteFault } from '../support/fault-log.ts';
import { requestBytes, requestHead } from '../support/gateway/raw-exchange.ts';
import {
  expectSilent,
  hostOf,
  openSignedGround,
  type SignedGround,
  saidBy,
  secretsAt,
  signedBucket,
  smuggledRequest,
  storedNames,
} from '../support/gateway/signed-ground.ts';
import {
  crc32Of,
  type Payload,
  type PutOptions,
  type SignedPut,
  signedPut,
  trailerName,
} from '../support/gateway/signed-put.ts';

// A08–A10 at the gateway: requests that are rightly signed, and whose bodies are not what was signed, announced or
// hashed. The bodies are longer than what is held back before anything is sent to the store, and shorter.

let ground: SignedGround;
beforeAll(async () => {
  ground = await openSignedGround();
});
afterAll(() => ground?.stop());

const path = `/${signedBucket}/key`;
/** One that is sent on in one request, and one that begins to be stored before its end has come. */
const contents = [
  ['short', Buffer.from(randomLooking(20_000, 'short'))],
  ['long', Buffer.from(randomLooking(24 * 2 ** 20, 'long'))],
] as const;
const chunkBytes = { short: 8192, long: 2 ** 20 };

interface Sent {
  readonly put: SignedPut;
  readonly body: Uint8Array;
  /** What Content-Length says, if it is to lie. */
  readonly announced?: number;
}

/** Sends a body that must be refused, with a request behind it that must never be read. @returns what it was told */
async function refused({ put, body, announced }: Sent): Promise<string> {
  const headers: HeaderField[] = [...hostOf(put.request), ['Content-Length', String(announced ?? body.length)]];
  const bytes = Buffer.concat([requestHead({ ...put.request, headers }), body, await smuggledRequest()]);
  // Either the whole body was read, and what comes behind it is a request of its own, or the connection was closed.
  const { answers, closed } = await ground.send(bytes, { answers: 2 });
  expect([answers.length, closed]).toEqual(answers.length === 2 ? [2, false] : [1, true]);
  const [answer] = answers;
  expectSilent(answer!, secretsAt(Date.now()));
  return saidBy(answer!);
}

async function expectNothingStored(): Promise<void> {
  const names = await storedNames(ground);
  expect(names.filter((name) => name !== 'smuggled')).toEqual([]);
}

const make = (
  content: Uint8Array,
  size: 'short' | 'long',
  payload: Payload,
  more: PutOptions = {},
): Promise<SignedPut> => signedPut(path, content, { payload, chunkBytes: chunkBytes[size], ...more });

function changed(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  const index = at < 0 ? copy.length + at : at;
  // Another hex digit, and another byte of content.
  copy[index] = copy[index] === 0x30 ? 0x31 : 0x30;
  return copy;
}

describe.each(contents)('A08: a %s body of chunks', (size, content) => {
  it('is refused where one is not as it was signed', async () => {
    const put = await make(content, size, 'signedTrailer');
    const { pieces, seed } = put;
    const lastIndex = pieces.length - 3;
    const [first, second] = pieces as [Buffer, Buffer];
    const otherChain = new BodySigner({ ...seed, signature: 'cd'.repeat(32) });
    const replace = (at: number, ...by: Buffer[]): Buffer[] => pieces.toSpliced(at, 1, ...by);
    const cases: Record<string, readonly Buffer[]> = {
      'a wrong chunk signature': replace(0, changed(first, 30)),
      'a changed byte of content': replace(1, changed(second, 5000)),
      'a changed byte of the last content': replace(lastIndex - 1, changed(pieces[lastIndex - 1]!, -10)),
      'chunks in another order': [second, first, ...pieces.slice(2)],
      'a chunk that comes twice': [first, first, ...pieces.slice(2)],
      'the first chunk of another request': replace(0, otherChain.chunk(content.subarray(0, chunkBytes[size]))),
      'a wrong signature of the last chunk': replace(lastIndex, changed(pieces[lastIndex]!, 40)),
      'a wrong trailer signature': replace(lastIndex + 1, changed(pieces[lastIndex + 1]!, -10)),
      'another value in the trailer': replace(lastIndex + 1, changed(pieces[lastIndex + 1]!, 22)),
    };
    for (const [label, changedPieces] of Object.entries(cases)) {
      expect(await refused({ put, body: Buffer.concat(changedPieces) }), label).toBe('403 SignatureDoesNotMatch');
    }
    await expectNothingStored();
    noteFault({ id: 'A08', injected: `chunks out of the chain, ${size}`, reached: 9, outcome: '403, nothing stored' });
  });

  it('is refused without its end', async () => {
    const put = await make(content, size, 'signedTrailer');
    const { pieces } = put;
    for (const missing of [1, 2, 3, 4]) {
      const body = Buffer.concat(pieces.slice(0, -missing));
      expect(['400 IncompleteBody', '400 MalformedTrailerError'], `${missing}`).toContain(await refused({ put, body }));
    }
    const goesOn = Buffer.concat([...pieces, pieces[0]!]);
    expect(await refused({ put, body: goesOn })).toBe('400 IncompleteBody');
    await expectNothingStored();
    noteFault({ id: 'A08', injected: `a missing or second end, ${size}`, reached: 5, outcome: '400, nothing stored' });
  });

  it('is refused with a trailer that was not announced, or is not signed', async () => {
    const put = await make(content, size, 'signedTrailer');
    const { pieces } = put;
    const trailer = pieces.at(-2)!;
    const unsigned = Buffer.from(`${trailerName}:${crc32Of(content)}\r\n`);
    const chunks = pieces.slice(0, -2);
    const end = pieces.at(-1)!;
    for (const [label, own] of [
      ['unsigned', [unsigned, end]],
      ['none', [end]],
    ] as const) {
      expect(await refused({ put, body: Buffer.concat([...chunks, ...own]) }), label).toBe('400 MalformedTrailerError');
    }
    const silent = await make(content, size, 'signedChunks');
    const body = Buffer.concat([...silent.pieces.slice(0, -1), trailer, end]);
    expect(await refused({ put: silent, body })).toBe('400 IncompleteBody');
    await expectNothingStored();
    noteFault({ id: 'A08', injected: `trailers that do not belong, ${size}`, reached: 3, outcome: '400' });
  });
});

describe('A09: sizes that are none', () => {
  const sizes = [
    ...['-1', '+5', '0x5', ' 5', '5 ', '5h', '', 'g', '5.0', '20000000000000', '7fffffffffffffff', 'ffffffffffffffff'],
    ...['10000000000000000', '0'.repeat(17), 'fffffffffffffffb', '5\r', '5\n', '5;', '5;a=b'],
  ];

  it('are refused at once', async () => {
    for (const size of sizes) {
      const signed = await signedPut(path, Buffer.from('hello'), { payload: 'signedChunks' });
      const unsigned = await signedPut(path, Buffer.from('hello'), { payload: 'unsignedTrailer' });
      const rest = `;chunk-signature=${'0'.repeat(64)}\r\nhello\r\n`;
      expect(await refused({ put: signed, body: Buffer.from(size + rest) }), size).toBe('400 IncompleteBody');
      const body = Buffer.from(`${size}\r\nhello\r\n0\r\n\r\n`);
      expect(await refused({ put: unsigned, body }), size).toBe('400 IncompleteBody');
    }
    await expectNothingStored();
    noteFault({ id: 'A09', injected: 'sizes that are none', reached: sizes.length * 2, outcome: '400' });
  });

  it('and extensions without end are refused with what they need at most', async () => {
    const put = await signedPut(path, Buffer.from('hello'), { payload: 'unsignedTrailer' });
    const flood = Buffer.from(`5${';a=b'.repeat(2 ** 20)}\r\n`);
    const huge = Buffer.from(`${(17 * 2 ** 20).toString(16)}\r\nhello\r\n`);
    const before = process.memoryUsage().arrayBuffers;
    for (const body of [flood, huge]) expect(await refused({ put, body })).toBe('400 IncompleteBody');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 * 2 ** 20);
    await expectNothingStored();
    noteFault({ id: 'A09', injected: 'extensions and chunks without end', reached: 2, outcome: '400' });
  });
});

describe.each(contents)('A10: a %s body that is not what was said of it', (size, content) => {
  const other = changed(content, content.length - 1);

  it('is refused by its hash, its MD5 and its checksum', async () => {
    const md5 = { 'content-md5': createHash('md5').update(content).digest('base64') };
    const cases: [string, SignedPut, Uint8Array, string][] = [
      ['sha256', await make(content, size, 'sha256'), other, '400 XAmzContentSHA256Mismatch'],
      ['md5', await make(content, size, 'unsigned', { headers: md5 }), other, '400 BadDigest'],
      [
        'crc32',
        await make(content, size, 'unsigned', { headers: { [trailerName]: crc32Of(content) } }),
        other,
        '400 BadDigest',
      ],
      ['trailer', await make(content, size, 'unsignedTrailer'), Buffer.alloc(0), '400 BadDigest'],
    ];
    for (const [label, put, body, said] of cases) {
      const own = label === 'trailer' ? changed(put.pieces[0]!, 5000) : body;
      expect(await refused({ put, body: own }), label).toBe(said);
    }
    await expectNothingStored();
    noteFault({
      id: 'A10',
      injected: `other content than was hashed, ${size}`,
      reached: 4,
      outcome: '400, nothing stored',
    });
  });

  it('is refused by its length', async () => {
    for (const by of [-1, 1]) {
      const put = await make(content, size, 'signedChunks', { decodedLength: content.length + by });
      expect(await refused({ put, body: Buffer.concat(put.pieces) }), `${by}`).toBe('400 IncompleteBody');
    }
    await expectNothingStored();
    noteFault({ id: 'A10', injected: `another length, ${size}`, reached: 2, outcome: 'IncompleteBody' });
  });

  it('is refused where the client ends it too early', async () => {
    const put = await make(content, size, 'unsigned');
    const { request } = put;
    const { connect } = await import('node:net');
    const socket = connect(ground.port, '127.0.0.1');
    const received: Buffer[] = [];
    socket.on('data', (bytes: Buffer) => received.push(bytes));
    const closed = new Promise<void>((resolve) => {
      socket.once('close', () => resolve());
    });
    const whole = requestBytes({ ...request, headers: hostOf(request) }, content);
    socket.end(whole.subarray(0, whole.length - 100));
    await closed;
    expect(Buffer.concat(received).toString()).not.toMatch(/^HTTP\/1\.1 200/);
    await expectNothingStored();
    noteFault({ id: 'A10', injected: `a client that ends early, ${size}`, reached: 1, outcome: 'nothing stored' });
  });
});
