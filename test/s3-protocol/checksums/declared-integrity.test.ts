import { describe, expect, it } from 'vitest';
import { ContentCheck, judgeContent, requiredHashes } from '../../../src/s3-protocol/checksums/content-check.ts';
import { announcedTrailerName, declaredIntegrity } from '../../../src/s3-protocol/checksums/declared-integrity.ts';
import type { HeaderField } from '../../../src/s3-protocol/signature/raw-request.ts';
import type { SignedPayload } from '../../../src/s3-protocol/signature/signed-payload.ts';
import { refusalOf } from '../refusal-of.ts';

const unsigned: SignedPayload = { kind: 'unsigned' };
const trailing: SignedPayload = { kind: 'chunked', signedChunks: false, trailer: true };
const crc: HeaderField = ['x-amz-checksum-crc32', 'MSpqpg=='];
const md5 = 'esZsDxSN6VGbi9JkMSxNZA==';

function declare(payload: SignedPayload, ...headers: HeaderField[]) {
  return declaredIntegrity({ headers }, payload);
}

describe('what a request declares', () => {
  it('is nothing where it says nothing', () => {
    const declared = declare(unsigned, ['Content-Type', 'text/plain']);
    expect([...requiredHashes(declared)]).toEqual([]);
    expect(judgeContent(declared, new Map(), new Map())).toBeUndefined();
  });

  it('is read from headers, in any case', () => {
    const declared = declare(unsigned, ['X-Amz-Checksum-CRC32', crc[1]], ['content-md5', md5]);
    expect(declared.checksum?.algorithm).toBe('CRC32');
    expect([...requiredHashes(declared)]).toEqual(['CRC32', 'MD5']);
    expect(announcedTrailerName(declared)).toBeUndefined();
  });

  it('is announced for the trailer', () => {
    const declared = declare(
      trailing,
      ['X-Amz-Trailer', ' X-Amz-Checksum-SHA256 '],
      ['x-amz-sdk-checksum-algorithm', 'sha256'],
    );
    expect(declared.checksum).toEqual({ algorithm: 'SHA256', value: undefined });
    expect(announcedTrailerName(declared)).toBe('x-amz-checksum-sha256');
  });

  const wrong: readonly (readonly [label: string, SignedPayload, HeaderField[], message: string])[] = [
    [
      'a value that is none',
      unsigned,
      [['x-amz-checksum-crc32', 'MSpqpg=']],
      'Value for x-amz-checksum-crc32 header is invalid.',
    ],
    ['an empty value', unsigned, [['x-amz-checksum-sha1', '']], 'Value for x-amz-checksum-sha1 header is invalid.'],
    [
      'an algorithm that does not exist',
      unsigned,
      [['x-amz-checksum-crc16', 'AAA=']],
      'The algorithm type you specified in x-amz-checksum- header is invalid.',
    ],
    [
      'two checksums',
      unsigned,
      [crc, ['x-amz-checksum-sha1', '2jmj7l5rSw0yVb/vlWAYkK/YBwk=']],
      'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.',
    ],
    [
      'two empty checksums',
      unsigned,
      [
        ['x-amz-checksum-sha1', ''],
        ['x-amz-checksum-crc32c', ''],
      ],
      'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.',
    ],
    [
      'one checksum twice',
      unsigned,
      [crc, crc],
      'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.',
    ],
    [
      'one in the header and one in the trailer',
      trailing,
      [crc, ['x-amz-trailer', 'x-amz-checksum-crc32']],
      'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.',
    ],
    [
      'a trailer that is no checksum',
      trailing,
      [['x-amz-trailer', 'x-amz-meta-a']],
      'The value specified in the x-amz-trailer header is not supported',
    ],
    [
      'two trailers',
      trailing,
      [['x-amz-trailer', 'x-amz-checksum-crc32,x-amz-checksum-sha1']],
      'The value specified in the x-amz-trailer header is not supported',
    ],
    [
      'a trailer where none can come',
      unsigned,
      [['x-amz-trailer', 'x-amz-checksum-crc32']],
      'The value specified in the x-amz-trailer header is not supported',
    ],
    [
      'a trailer after signed chunks that have none',
      { kind: 'chunked', signedChunks: true, trailer: false },
      [['x-amz-trailer', 'x-amz-checksum-crc32']],
      'The value specified in the x-amz-trailer header is not supported',
    ],
    [
      'an algorithm without a checksum',
      unsigned,
      [['x-amz-sdk-checksum-algorithm', 'CRC32']],
      'x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.',
    ],
    [
      'another algorithm than the checksum',
      unsigned,
      [crc, ['x-amz-sdk-checksum-algorithm', 'CRC32C']],
      'Value for x-amz-sdk-checksum-algorithm header is invalid.',
    ],
    [
      'another algorithm than the trailer',
      trailing,
      [
        ['x-amz-trailer', 'x-amz-checksum-crc32'],
        ['x-amz-sdk-checksum-algorithm', 'SHA1'],
      ],
      'Value for x-amz-sdk-checksum-algorithm header is invalid.',
    ],
    [
      'an algorithm that nobody knows',
      unsigned,
      [crc, ['x-amz-sdk-checksum-algorithm', 'CRC16']],
      'Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, MD5, SHA1, SHA256, SHA512, XXHASH128, XXHASH3, XXHASH64]',
    ],
  ];

  it.each(wrong)('refuses %s', (_, payload, headers, message) => {
    const error = refusalOf(() => declare(payload, ...headers));
    expect([error.code, error.message]).toEqual(['InvalidRequest', message]);
  });

  it.each(['', 'invalid_md5', 'aGVsbCBzLGRham5mamFuc2Y=', `${md5} `])('refuses the Content-MD5 %j', (text) => {
    const error = refusalOf(() => declare(unsigned, ['Content-MD5', text]));
    expect([error.code, error.fields]).toEqual(['InvalidDigest', { 'Content-MD5': text }]);
  });

  it('refuses two Content-MD5', () => {
    const error = refusalOf(() => declare(unsigned, ['Content-MD5', md5], ['content-md5', md5]));
    expect(error.code).toBe('InvalidRequest');
  });
});

describe('a check of content', () => {
  const content = Buffer.from('abcdefg');

  it('gives back the checksum that was chosen, and all that was wanted', async () => {
    const declared = declare(unsigned, crc, ['Content-MD5', md5]);
    const check = await ContentCheck.open(declared, new Set(), ['SHA1']);
    check.update(content.subarray(0, 3));
    check.update(content.subarray(3));
    const { checksum, digests } = check.finish();
    expect(checksum).toEqual({ algorithm: 'CRC32', value: crc[1] });
    expect([...digests.keys()].sort()).toEqual(['CRC32', 'MD5', 'SHA1']);
  });

  it('computes a hash once that is asked for twice', async () => {
    const digest = 'fRpUEnsiJQL1t5tfsIAwYRUqRPkrN+I8ZSe69mXU2po=';
    const payload: SignedPayload = { kind: 'sha256', sha256: Buffer.from(digest, 'base64').toString('hex') };
    const declared = declare(payload, ['x-amz-checksum-sha256', digest], ['x-amz-checksum-type', 'FULL_OBJECT']);
    expect([...requiredHashes(declared)]).toEqual(['SHA256']);
    const check = await ContentCheck.open(declared);
    check.update(content);
    expect(check.finish().checksum).toEqual({ algorithm: 'SHA256', value: digest });
  });

  it('takes hashes that were computed elsewhere, and judges by them', async () => {
    const declared = declare(unsigned, ['Content-MD5', md5]);
    const elsewhere = new Set(['MD5'] as const);
    const right = await ContentCheck.open(declared, elsewhere);
    right.update(content);
    expect(right.finish(new Map(), new Map([['MD5', Buffer.from(md5, 'base64')]])).checksum).toBeUndefined();
    const wrong = await ContentCheck.open(declared, elsewhere);
    expect(refusalOf(() => wrong.finish(new Map(), new Map([['MD5', Buffer.alloc(16)]]))).code).toBe('BadDigest');
    const forgotten = await ContentCheck.open(declared, elsewhere);
    expect(() => forgotten.finish()).toThrow("the content's MD5 was not computed");
  });
});
