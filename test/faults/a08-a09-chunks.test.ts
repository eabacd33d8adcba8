import { describe, expect, it } from 'vitest';
import { ChunkedDecoder, type ChunkedOptions } from '../../src/s3-protocol/chunked/chunked-decoder.ts';
import { codeOf, refusalOf } from '../s3-protocol/refusal-of.ts';
import { BodySigner, seed, signedBody, unsignedBody } from '../s3-protocol/signed-body.ts';
import { noteFault } from '../support/fault-log.ts';

// A08, A09: bodies in chunks that are not what was signed or announced. `end` is what a consumer commits by: here it is
// never reached.

const crc = ['x-amz-checksum-crc32', 'AAAAAA=='] as const;
const mebibyte = 1024 * 1024;

function decode(options: ChunkedOptions, ...pieces: readonly Uint8Array[]): number {
  const decoder = new ChunkedDecoder(options);
  for (const piece of pieces) decoder.feed(piece);
  decoder.end();
  return decoder.verifiedBytes;
}

describe('A08: chunks and trailers that nobody signed', () => {
  const contents = [Buffer.alloc(8192, 'a'), Buffer.alloc(8192, 'b'), Buffer.alloc(100, 'c')];
  const signer = new BodySigner();
  const [a, b, c] = contents.map((content) => signer.chunk(content)) as [Buffer, Buffer, Buffer];
  const last = signer.last();
  const trailer = signer.trailer(...crc);
  const end = Buffer.from('\r\n');
  const whole: ChunkedOptions = { decodedLength: 16_484, seed, trailers: { announced: crc[0] } };

  function changed(bytes: Buffer, at: number): Buffer {
    const copy = Buffer.from(bytes);
    // Another hex digit, and another byte of content.
    copy[at] = copy[at] === 0x30 ? 0x31 : 0x30;
    return copy;
  }

  it('refuses every one of them, and has verified only what came before', () => {
    expect(decode(whole, a, b, c, last, trailer, end)).toBe(16_484);
    const otherChain = new BodySigner({ ...seed, signature: 'cd'.repeat(32) });
    const otherDay = new BodySigner({ ...seed, timestamp: '20260930T120001Z' });
    const cases: Record<string, [number, readonly Buffer[]]> = {
      'a wrong chunk signature': [0, [changed(a, 30), b, c, last, trailer, end]],
      'a changed byte of content': [8192, [a, changed(b, 5000), c, last, trailer, end]],
      'chunks in another order': [0, [b, a, c, last, trailer, end]],
      'a chunk that comes twice': [8192, [a, a, c, last, trailer, end]],
      'a chunk that is left out': [8192, [a, c, last, trailer, end]],
      'the first chunk of another request': [0, [otherChain.chunk(contents[0]!), b, c, last, trailer, end]],
      'the first chunk of another time': [0, [otherDay.chunk(contents[0]!), b, c, last, trailer, end]],
      'a wrong signature of the last chunk': [16_484, [a, b, c, changed(last, 40), trailer, end]],
      'the last chunk too early': [16_384, [a, b, last, trailer, end]],
      'a wrong trailer signature': [16_484, [a, b, c, last, changed(trailer, trailer.length - 10), end]],
      'another value in the trailer': [16_484, [a, b, c, last, changed(trailer, 22), end]],
    };
    for (const [label, [verified, pieces]] of Object.entries(cases)) {
      const decoder = new ChunkedDecoder(whole);
      const error = refusalOf(() => {
        for (const piece of pieces) decoder.feed(piece);
        decoder.end();
      });
      expect(`${error.status} ${error.code}`, label).toBe('403 SignatureDoesNotMatch');
      expect(decoder.verifiedBytes, label).toBe(verified);
    }
    noteFault({ id: 'A08', injected: 'chunks out of the chain', reached: Object.keys(cases).length, outcome: '403' });
  });

  it('refuses a body without its end, and one that goes on after it', () => {
    const cases = [
      [a, b, c],
      [a, b, c, last],
      [a, b, c, last, trailer],
      [a, b, c, last, trailer, Buffer.from('\r')],
      [a, b, c.subarray(0, -1)],
      [a, b, c, last, trailer, end, Buffer.from('\n')],
      [a, b, c, last, trailer, end, a],
      [],
    ];
    for (const pieces of cases) expect(codeOf(() => decode(whole, ...pieces))).toBe('400 IncompleteBody');
    noteFault({ id: 'A08', injected: 'a missing or second end', reached: cases.length, outcome: '400' });
  });

  it('refuses a trailer that was not announced, is missing, or is not signed', () => {
    const unannounced = { ...whole, trailers: { announced: undefined } };
    const another = { ...whole, trailers: { announced: 'x-amz-checksum-sha256' } };
    const unsigned = Buffer.from(`${crc.join(':')}\r\n`);
    const malformed: [ChunkedOptions, Buffer[]][] = [
      [unannounced, [trailer, end]],
      [another, [trailer, end]],
      [whole, [end]],
      [whole, [unsigned, end]],
      [whole, [trailer.subarray(unsigned.length), end]],
    ];
    for (const [options, pieces] of malformed) {
      expect(codeOf(() => decode(options, a, b, c, last, ...pieces))).toBe('400 MalformedTrailerError');
    }
    const plain: ChunkedOptions = { ...whole, trailers: false };
    const twice = [trailer, trailer.subarray(unsigned.length), end];
    for (const [options, pieces] of [[plain, [trailer, end]] as const, [whole, twice] as const]) {
      expect(codeOf(() => decode(options, a, b, c, last, ...pieces))).toBe('400 IncompleteBody');
    }
    noteFault({ id: 'A08', injected: 'trailers that do not belong', reached: 7, outcome: '400' });
  });

  it('takes no unsigned chunk where chunks are signed', () => {
    expect(codeOf(() => decode(whole, unsignedBody(contents, crc)))).toBe('400 IncompleteBody');
    const unsigned = { ...whole, seed: undefined };
    expect(codeOf(() => decode(unsigned, signedBody(contents, crc)))).toBe('400 IncompleteBody');
  });
});

describe('A09: sizes that are none', () => {
  const sizes = [
    ...['-1', '-5', '+5', '0x5', '0X5', ' 5', '5 ', '5h', '', 'g', '5.0', '5e0', '\u0665', '\uff15'],
    // Past 2^53, 2^63, 2^64; and leading zeros without end.
    ...[
      '20000000000000',
      '7fffffffffffffff',
      '8000000000000000',
      'ffffffffffffffff',
      '10000000000000000',
      '0'.repeat(17),
    ],
    ...['fffffffffffffffb', '00000000000000005', '5\r', '5\n', '5;', '5;a=b', '5;chunk-signature='],
  ];

  it('refuses them at once', () => {
    for (const size of sizes) {
      const rest = `;chunk-signature=${'0'.repeat(64)}\r\nhello\r\n`;
      const signed = () => decode({ decodedLength: 5, seed, trailers: false }, Buffer.from(size + rest));
      expect(codeOf(signed), size).toBe('400 IncompleteBody');
      const unsigned = () =>
        decode({ decodedLength: 5, trailers: { announced: undefined } }, Buffer.from(`${size}\r\nhello\r\n0\r\n\r\n`));
      expect(codeOf(unsigned), size).toBe('400 IncompleteBody');
    }
    noteFault({ id: 'A09', injected: 'sizes that are none', reached: sizes.length * 2, outcome: '400' });
  });

  it('refuses extensions without end, and lines without end, with what they need at most', () => {
    const flood = Buffer.from(`5${';a=b'.repeat(mebibyte)}`);
    const options: ChunkedOptions = { decodedLength: 5, seed, trailers: { announced: crc[0] } };
    const decoder = new ChunkedDecoder(options);
    let fed = 0;
    const error = refusalOf(() => {
      for (const byte of flood) {
        decoder.feed(Buffer.of(byte));
        fed++;
      }
    });
    expect([error.code, fed]).toEqual(['IncompleteBody', 1024]);
    const atOnce = () => decode(options, flood);
    expect(codeOf(atOnce)).toBe('400 IncompleteBody');
    const body = signedBody([Buffer.from('hello')]);
    const trailers = Buffer.from(`x-amz-meta-a:${'a'.repeat(mebibyte)}`);
    expect(codeOf(() => decode(options, body.subarray(0, -2), trailers))).toBe('400 IncompleteBody');
    const many = Buffer.from('x-amz-meta-a:b\r\n'.repeat(mebibyte / 16));
    expect(codeOf(() => decode(options, body.subarray(0, -2), many))).toBe('400 MalformedTrailerError');
    noteFault({ id: 'A09', injected: 'lines without end', reached: 4, outcome: '400 after 1 KiB' });
  });

  it('refuses a signed chunk of more than 16 MiB by its header, and takes one of 16 MiB', () => {
    const options: ChunkedOptions = { decodedLength: 17 * mebibyte, seed, trailers: false };
    const header = Buffer.from(`${(17 * mebibyte).toString(16)};chunk-signature=${'0'.repeat(64)}\r\n`);
    const error = refusalOf(() => new ChunkedDecoder(options).feed(header));
    expect(error).toMatchObject({ code: 'InvalidChunkSizeError', status: 400 });
    const largest = Buffer.alloc(16 * mebibyte, 'x');
    expect(decode({ ...options, decodedLength: largest.length }, signedBody([largest]))).toBe(largest.length);
    noteFault({ id: 'A09', injected: 'a chunk of 17 MiB', reached: 1, outcome: '400' });
  });

  it('gives out no more than was announced, whatever a chunk says', () => {
    const decoder = new ChunkedDecoder({ decodedLength: 10, trailers: { announced: undefined } });
    // 2^53 - 1 bytes: a number, but not one that was announced.
    const slices = decoder.feed(Buffer.from('1fffffffffffff\r\n0123456789'));
    expect(Buffer.concat(slices).toString()).toBe('0123456789');
    expect(codeOf(() => decoder.feed(Buffer.from('0')))).toBe('400 IncompleteBody');
    noteFault({ id: 'A09', injected: 'a chunk of 2^53 - 1 bytes', reached: 1, outcome: '400' });
  });

  it('refuses chunks of a byte each at the second one', () => {
    const body = unsignedBody(Array.from({ length: 1000 }, () => Buffer.from('x')));
    const work = () => decode({ decodedLength: 1000, trailers: { announced: undefined } }, body);
    expect(codeOf(work)).toBe('400 InvalidChunkSizeError');
  });
});
