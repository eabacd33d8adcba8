import { describe, expect, it } from 'vitest';
import {
  algorithmOfHeader,
  type ChecksumAlgorithm,
  carriesChecksum,
  checksumAlgorithm,
  checksumAlgorithms,
  checksumHeader,
  checksumTypes,
  parseChecksum,
} from '../../../src/s3-protocol/checksums/algorithm.ts';
import { openContentHash } from '../../../src/s3-protocol/checksums/content-hash.ts';
import { fc } from '../../support/properties.ts';

// Of the empty content and of `abcdefg`, as S3 and other implementations have them.
const known: Record<ChecksumAlgorithm, readonly [empty: string, letters: string]> = {
  CRC32: ['AAAAAA==', 'MSpqpg=='],
  CRC32C: ['AAAAAA==', '5if0QQ=='],
  CRC64NVME: ['AAAAAAAAAAA=', 'SmzZ/LTp1CA='],
  MD5: ['1B2M2Y8AsgTpgAmY7PhCfg==', 'esZsDxSN6VGbi9JkMSxNZA=='],
  SHA1: ['2jmj7l5rSw0yVb/vlWAYkK/YBwk=', 'L7XhNBn8iSRoZeejJPR27GJOh0A='],
  SHA256: ['47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=', 'fRpUEnsiJQL1t5tfsIAwYRUqRPkrN+I8ZSe69mXU2po='],
  SHA512: [
    'z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==',
    '1xakGIVptoqxtt+sF45XARTN8Oo6HMDjFIbD5BJBvGp2Qk6MN6sm8Jb8he+YhsjLY0GH9P3f9kX7CZ8f9UxrjA==',
  ],
  XXHASH128: ['maoG0wFHmNhgAcMkRo1Jfw==', 'Kq/YOGmlnDE/55jA7aptxg=='],
  XXHASH3: ['LQaABTjTlMI=', 'WkDcP9RMBS8='],
  XXHASH64: ['70bbN1HY6Zk=', 'GGCUDikCgi0='],
};

async function hashOf(algorithm: ChecksumAlgorithm, pieces: readonly Uint8Array[]): Promise<string> {
  const hash = await openContentHash(algorithm);
  for (const piece of pieces) hash.update(piece);
  return Buffer.from(hash.digest()).toString('base64');
}

describe.each(checksumAlgorithms)('%s', (algorithm) => {
  it('is what others compute', async () => {
    const [empty, letters] = known[algorithm];
    expect(await hashOf(algorithm, [])).toBe(empty);
    expect(await hashOf(algorithm, [new Uint8Array()])).toBe(empty);
    expect(await hashOf(algorithm, [Buffer.from('abcdefg')])).toBe(letters);
  });

  it('is the same in whatever pieces the content comes, also when several are computed at once', async () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(pieces, pieces, async (one, other) => {
        const [a, b] = await Promise.all([openContentHash(algorithm), openContentHash(algorithm)]);
        for (let i = 0; i < Math.max(one.length, other.length); i++) {
          if (one[i] !== undefined) a.update(one[i]!);
          if (other[i] !== undefined) b.update(other[i]!);
        }
        const digests = [a.digest(), b.digest()].map((digest) => Buffer.from(digest).toString('base64'));
        expect(digests).toEqual([
          await hashOf(algorithm, [Buffer.concat(one)]),
          await hashOf(algorithm, [Buffer.concat(other)]),
        ]);
      }),
      { numRuns: 30 },
    );
  });

  it('is written in one way only', () => {
    const [, text] = known[algorithm];
    const bytes = parseChecksum(algorithm, text)!;
    expect(Buffer.from(bytes).toString('base64')).toBe(text);
    const urlSafe = text.replaceAll('+', '-').replaceAll('/', '_');
    const others = [
      '',
      'invalid',
      `${text} `,
      ` ${text}`,
      `${text}\n`,
      text.replace(/=+$/, ''),
      `${text}=`,
      `${text}AAAA`,
    ];
    if (urlSafe !== text) others.push(urlSafe);
    // Bits in the last digit that no byte has.
    if (text.endsWith('==')) others.push(text.replace(/.==$/, (tail) => `${tail === 'B==' ? 'C' : 'B'}==`));
    others.push(Buffer.concat([bytes, bytes]).toString('base64'), bytes.subarray(1).toString('base64'));
    for (const other of others) expect(parseChecksum(algorithm, other), JSON.stringify(other)).toBeUndefined();
  });

  it('has its header', () => {
    expect(algorithmOfHeader(checksumHeader(algorithm))).toBe(algorithm);
    expect(checksumAlgorithm(algorithm.toLowerCase())).toBe(algorithm);
  });
});

describe('names', () => {
  it('tells headers that carry a checksum from those that speak of one', () => {
    expect(carriesChecksum('x-amz-checksum-crc32')).toBe(true);
    expect(carriesChecksum('x-amz-checksum-crc16')).toBe(true);
    const others = [
      'x-amz-checksum-type',
      'x-amz-checksum-algorithm',
      'x-amz-checksum-mode',
      'x-amz-checksum-',
      'x-amz-meta-a',
    ];
    expect(others.filter(carriesChecksum)).toEqual([]);
    expect(algorithmOfHeader('x-amz-checksum-crc16')).toBeUndefined();
    expect(algorithmOfHeader('x-amz-meta-crc32')).toBeUndefined();
    expect(checksumAlgorithm('__proto__')).toBeUndefined();
  });

  it('knows which checksum of a whole object the parts can give', () => {
    expect(checksumTypes('CRC64NVME')).toEqual(['FULL_OBJECT']);
    expect(checksumTypes('CRC32C')).toEqual(['COMPOSITE', 'FULL_OBJECT']);
    expect(checksumTypes('SHA256')).toEqual(['COMPOSITE']);
  });
});
