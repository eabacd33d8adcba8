import { describe, expect, it } from 'vitest';
import { ChunkedDecoder, type ChunkedOptions } from '../../../src/s3-protocol/chunked/chunked-decoder.ts';
import { storedContentEncoding } from '../../../src/s3-protocol/chunked/content-encoding.ts';
import { openChunkedBody, parseDecodedLength } from '../../../src/s3-protocol/chunked/open-chunked-body.ts';
import { S3Error } from '../../../src/s3-protocol/errors/s3-error.ts';
import { fc } from '../../support/properties.ts';
import { codeOf, refusalOf } from '../refusal-of.ts';
import { BodySigner, seed, signedBody, unsignedBody } from '../signed-body.ts';

const crc: readonly [string, string] = ['x-amz-checksum-crc32', 'AAAAAA=='];
const announced = { announced: crc[0] };

interface Decoded {
  readonly content: string;
  readonly trailers: Record<string, string>;
  readonly verifiedBytes: number;
}

/** Feeds a body in pieces that end at these places. */
function decode(options: ChunkedOptions, body: Uint8Array, cuts: readonly number[] = []): Decoded {
  const decoder = new ChunkedDecoder(options);
  const ends = [...cuts.map((cut) => cut % (body.length + 1)), body.length].sort((a, b) => a - b);
  const content: Uint8Array[] = [];
  let at = 0;
  for (const end of ends) {
    content.push(...decoder.feed(body.subarray(at, end)));
    at = end;
  }
  const trailers = Object.fromEntries(decoder.end());
  return { content: Buffer.concat(content).toString('latin1'), trailers, verifiedBytes: decoder.verifiedBytes };
}

function outcome(options: ChunkedOptions, body: Uint8Array, cuts: readonly number[]): unknown {
  try {
    return decode(options, body, cuts);
  } catch (error) {
    if (!(error instanceof S3Error)) throw error;
    return { code: error.code, message: error.message, fields: error.fields };
  }
}

/** Chunks as they may be: all but the last of at least 8 KiB. */
const chunks = fc
  .record({
    large: fc.array(fc.integer({ min: 8192, max: 20_000 }), { maxLength: 3 }),
    last: fc.integer({ min: 1, max: 9000 }),
    fill: fc.integer({ min: 0, max: 255 }),
  })
  .map(({ large, last, fill }) => [...large, last].map((size, i) => Buffer.alloc(size, (fill + i) % 256)));
const shape = fc.record({ chunks, signed: fc.boolean(), trailer: fc.boolean() });
const cuts = fc.array(fc.nat(), { maxLength: 40 });

function written({ chunks, signed, trailer }: { chunks: Buffer[]; signed: boolean; trailer: boolean }) {
  const options: ChunkedOptions = {
    decodedLength: chunks.reduce((sum, chunk) => sum + chunk.length, 0),
    seed: signed ? seed : undefined,
    trailers: trailer ? announced : signed ? false : { announced: undefined },
  };
  const write = signed ? signedBody : unsignedBody;
  return { options, body: write(chunks, trailer ? crc : undefined), content: Buffer.concat(chunks).toString('latin1') };
}

describe('a chunked body', () => {
  it('gives its content and its trailer, in whatever pieces it comes', () => {
    fc.assert(
      fc.property(shape, cuts, (kind, places) => {
        const { options, body, content } = written(kind);
        expect(decode(options, body, places)).toEqual({
          content,
          trailers: kind.trailer ? { [crc[0]]: crc[1] } : {},
          verifiedBytes: content.length,
        });
      }),
      { numRuns: 200 },
    );
  });

  it('ends the same in whatever pieces it comes, when a byte of it is changed', () => {
    const change = fc.record({ kind: shape, where: fc.nat(), to: fc.integer({ min: 0, max: 255 }), places: cuts });
    const endings = new Set<unknown>();
    fc.assert(
      fc.property(change, ({ kind, where, to, places }) => {
        const { options, body } = written(kind);
        // Content is most of the body: look at the rest as often.
        const at = where % 2 === 0 ? where % body.length : body.length - 1 - (where % Math.min(body.length, 400));
        body[at] = to;
        const whole = outcome(options, body, []);
        expect(outcome(options, body, places)).toEqual(whole);
        endings.add((whole as { code?: string }).code);
      }),
      { numRuns: 600 },
    );
    expect([...endings]).toEqual(
      expect.arrayContaining([undefined, 'IncompleteBody', 'MalformedTrailerError', 'SignatureDoesNotMatch']),
    );
  });

  it('ends the same in whatever pieces it comes, whatever it is made of', () => {
    const piece = fc.constantFrom(
      '0',
      '5',
      '12',
      'a',
      ';',
      'chunk-signature=',
      '\r\n',
      '\r',
      '\n',
      'hello',
      ':',
      '-',
      ' ',
      'ab'.repeat(32),
      crc[0],
    );
    const odd = fc.array(fc.oneof(piece, fc.string({ unit: 'binary', maxLength: 4 })), { maxLength: 30 });
    const options: fc.Arbitrary<ChunkedOptions> = fc.record({
      decodedLength: fc.integer({ min: 0, max: 20 }),
      seed: fc.constantFrom(seed, undefined),
      trailers: fc.constantFrom(false as const, announced, { announced: undefined }),
    });
    fc.assert(
      fc.property(options, odd, cuts, (how, pieces, places) => {
        const body = Buffer.from(pieces.join(''), 'latin1');
        expect(outcome(how, body, places)).toEqual(outcome(how, body, []));
      }),
      { numRuns: 2000 },
    );
  });

  it('gives views of what it was fed, and copies nothing', () => {
    const body = unsignedBody([Buffer.from('hello')], crc);
    const [slice] = new ChunkedDecoder({ decodedLength: 5, trailers: announced }).feed(body);
    expect(slice?.buffer).toBe(body.buffer);
  });

  it('counts a chunk as verified when its signature was checked, and not before', () => {
    const signer = new BodySigner();
    const chunk = signer.chunk(Buffer.alloc(10_000, 1));
    const decoder = new ChunkedDecoder({ decodedLength: 10_000, seed, trailers: false });
    decoder.feed(chunk.subarray(0, 9_000));
    expect(decoder.verifiedBytes).toBe(0);
    decoder.feed(chunk.subarray(9_000));
    expect(decoder.verifiedBytes).toBe(10_000);
    expect(codeOf(() => decoder.end())).toBe('400 IncompleteBody');
  });

  it('takes nothing more after it has failed', () => {
    const decoder = new ChunkedDecoder({ decodedLength: 5, trailers: announced });
    const first = refusalOf(() => decoder.feed(Buffer.from('x\r\n')));
    expect(refusalOf(() => decoder.feed(Buffer.from('5\r\nhello\r\n')))).toBe(first);
    expect(refusalOf(() => decoder.end())).toBe(first);
  });
});

const nvme = 'x-amz-checksum-crc64nvme';
const short = 'You did not provide the number of bytes specified by the Content-Length HTTP header';
const broken = 'The request body terminated unexpectedly';

// body, decoded length, announced trailer, what S3 answers
const unsignedCases: readonly (readonly [body: string, length: number, trailer: string | undefined, answer: string])[] =
  [
    ['A\ndummy data\r\n0\r\n\r\n', 10, nvme, broken],
    ['A\r\ndummy data0\r\n\r\n', 10, nvme, broken],
    ['A\r\nXYZ\r\ndummy data\r\n0\r\n\r\n', 10, nvme, broken],
    ['B\r\ndummy data\r\n0\r\n\r\n', 10, nvme, broken],
    ['A\r\ndummy data\r\n0\r\n', 10, nvme, broken],
    [`A\r\ndummy data\r\n0\r\n${nvme}:dPVWc2vU1+Q=\r\n`, 10, nvme, broken],
    ['A\r\n', 10, nvme, broken],
    ['A\r\nA\r\ndummy data\r\n0\r\n\r\n', 10, nvme, broken],
    [`invalid_chunk_size\r\ndummy data\r\n0\r\n${nvme}:dPVWc2vU1+Q=\r\n\r\n`, 10, nvme, broken],
    [`A\r\ndummy data\r\nJ\r\n${nvme}:dPVWc2vU1+Q=\r\n\r\n`, 10, nvme, broken],
    ['A \r\ndummy data\r\n0\r\n\r\n', 10, undefined, broken],
    ['A;a=b\r\ndummy data\r\n0\r\n\r\n', 10, undefined, broken],
    ['A\r\ndummy data\r\n0\r\n\r\n\r\n', 10, undefined, broken],
    ['b\r\nabcdefghijk\r\n0\r\n\r\n', 5, undefined, short],
    ['b\r\nabcdefghijk\r\n0\r\n\r\n', 200, undefined, short],
    [`a\r\ndummy data\r\n0\r\n${nvme}:dPVWc2vU1+Q=\r\n\r\n`, 128, nvme, short],
    [
      'a\r\ndummy data\r\n0\r\nx-amz-checksum-sha256:eXuwq/95jXIAr3aF3KeQHt/8Ur8mUA1b2XKCZY7iQVI=\r\n\r\n',
      7,
      nvme,
      short,
    ],
  ];

describe('what S3 answers to a body that is wrong', () => {
  it.each(unsignedCases)('%j as %d bytes with %s', (body, decodedLength, trailer, answer) => {
    const options = { decodedLength, trailers: { announced: trailer } };
    const error = refusalOf(() => decode(options, Buffer.from(body)));
    expect([error.code, error.message]).toEqual(['IncompleteBody', answer]);
  });

  it.each([
    ['nothing where one was announced', '', nvme],
    ['one without a name', ':M3eFcAZSQlc=\r\n', nvme],
    ['one without a value', `${nvme}\r\n`, nvme],
    ['one that was not announced', `${nvme}:M3eFcAZSQlc=\r\n`, undefined],
    ['another than was announced', 'invalid_trailer:M3eFcAZSQlc=\r\n', nvme],
  ])('a trailer: %s', (_, trailer, name) => {
    const body = Buffer.from(`5\r\nhello\r\n0\r\n${trailer}\r\n`);
    const options = { decodedLength: 5, trailers: { announced: name } };
    expect(codeOf(() => decode(options, body))).toBe('400 MalformedTrailerError');
  });

  it.each([
    [[8192, 8192, 100], undefined],
    [[100], undefined],
    [[8200, 8201, 10000, 10], undefined],
    [[100, 8192, 100], { Chunk: '1', BadChunkSize: '100' }],
    [[8192, 10, 100], { Chunk: '2', BadChunkSize: '10' }],
    [[10000, 10, 8192, 8192], { Chunk: '2', BadChunkSize: '10' }],
  ])('chunks of %j', (sizes, fields) => {
    const pieces = sizes.map((size) => Buffer.alloc(size, 'a'));
    const decodedLength = sizes.reduce((sum, size) => sum + size, 0);
    for (const [body, from] of [
      [unsignedBody(pieces), undefined],
      [signedBody(pieces), seed],
    ] as const) {
      const work = () => decode({ decodedLength, seed: from, trailers: from ? false : { announced: undefined } }, body);
      if (fields === undefined) expect(work().verifiedBytes).toBe(decodedLength);
      else expect(refusalOf(work)).toMatchObject({ code: 'InvalidChunkSizeError', fields });
    }
  });

  // Places and replacements in a signed body of one chunk, as the conformance suite for S3 makes them.
  it.each([
    [0, 2, 'j'],
    [83, 85, ''],
    [83, 85, 'dd'],
    [103, 105, ''],
    [103, 105, 'something invalid'],
    [187, 191, 'bbbb'],
    [190, 191, 's'],
    [2, 3, ':'],
    [3, 19, ''],
    [19, 24, ''],
  ])('a signed body with bytes %d to %d replaced by %j', (from, to, by) => {
    const body = signedBody([Buffer.from('dummy data paylaod')]).toString('latin1');
    const changed = Buffer.from(body.slice(0, from) + by + body.slice(to), 'latin1');
    const work = () => decode({ decodedLength: 18, seed, trailers: false }, changed);
    expect(refusalOf(work)).toMatchObject({ code: 'IncompleteBody', message: broken });
  });

  it.each([
    [175, 176, 'k'],
    [175, 177, 'cc'],
    [215, 216, 'bcd'],
    [220, 223, 'invalid'],
    [230, 235, 'abcd'],
    [241, 245, 'abcde'],
    [306, 308, 'pp'],
    [304, 308, 'erty'],
  ])('a signed trailer with bytes %d to %d replaced by %j', (from, to, by) => {
    const body = signedBody([Buffer.from('abcdefg')], [nvme, 'SmzZ/LTp1CA=']).toString('latin1');
    const changed = Buffer.from(body.slice(0, from) + by + body.slice(to), 'latin1');
    const work = () => decode({ decodedLength: 7, seed, trailers: { announced: nvme } }, changed);
    expect(refusalOf(work)).toMatchObject({ code: 'IncompleteBody', message: broken });
  });
});

describe('x-amz-decoded-content-length', () => {
  it.each([undefined, '', 'abc', '12x', '-1', '+1', '1e3', '0x10', ' 1', '9007199254740992', '99999999999999999999'])(
    '%j',
    (text) => {
      const headers = text === undefined ? [] : [['X-Amz-Decoded-Content-Length', text] as const];
      expect(codeOf(() => parseDecodedLength({ headers }))).toBe('411 MissingContentLength');
    },
  );

  it('must come once', () => {
    const headers = [['x-amz-decoded-content-length', '5'] as const, ['X-Amz-Decoded-Content-Length', '6'] as const];
    expect(codeOf(() => parseDecodedLength({ headers }))).toBe('400 InvalidRequest');
  });

  it('opens a decoder of the kind that was signed', () => {
    const headers = [['x-amz-decoded-content-length', '5'] as const];
    const open = (signedChunks: boolean, trailer: boolean) =>
      openChunkedBody({ headers }, { kind: 'chunked', signedChunks, trailer }, seed, trailer ? crc[0] : undefined);
    const content = [Buffer.from('hello')];
    for (const [decoder, body] of [
      [open(true, false), signedBody(content)],
      [open(true, true), signedBody(content, crc)],
      [open(false, true), unsignedBody(content, crc)],
    ] as const) {
      expect(Buffer.concat(decoder.feed(body)).toString()).toBe('hello');
      decoder.end();
    }
    expect(codeOf(() => open(true, false).feed(unsignedBody(content)))).toBe('400 IncompleteBody');
    expect(codeOf(() => open(false, true).feed(signedBody(content)))).toBe('400 IncompleteBody');
  });
});

describe('Content-Encoding as it is stored', () => {
  it.each([
    [undefined, undefined],
    ['gzip', 'gzip'],
    ['gzip, br', 'gzip, br'],
    ['aws-chunked', undefined],
    ['AWS-Chunked', undefined],
    ['aws-chunked,gzip', 'gzip'],
    ['gzip, aws-chunked', 'gzip'],
    ['aws-chunked, gzip,br', 'gzip,br'],
    ['aws-chunked,', undefined],
    ['x-aws-chunked', 'x-aws-chunked'],
    ['', ''],
  ])('%j is %j', (header, stored) => {
    expect(storedContentEncoding(header)).toBe(stored);
  });
});
