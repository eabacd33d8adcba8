import { describe, expect, it } from 'vitest';
import { S3Error } from '../../../src/s3-protocol/errors/s3-error.ts';
import {
  readCount,
  readEncodingType,
  readLimit,
  readMaxBuckets,
  readPartNumber,
  readResponseOverrides,
  readVersionId,
  readVersionLimit,
} from '../../../src/s3-protocol/routes/query-values.ts';
import { readUserMetadata, visibleMetadata } from '../../../src/s3-protocol/routes/user-metadata.ts';

function outcomeOf(read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    if (error instanceof S3Error) return `${error.code}: ${error.message}`;
    throw error;
  }
}

const noInteger = (text: string) => `InvalidArgument: Provided ${text} not an integer or within integer range`;
const outOfRange = (text: string) => `InvalidArgument: Argument ${text} must be an integer between 0 and 2147483647`;

describe('a parameter', () => {
  it.each<[string | undefined, unknown]>([
    [undefined, 1000],
    ['', 1000],
    ['0', 0],
    ['7', 7],
    ['+7', 7],
    ['1000', 1000],
    ['1001', 1000],
    ['2147483647', 1000],
    ['2147483648', noInteger('2147483648')],
    ['9'.repeat(100), noInteger('9'.repeat(100))],
    ['-1', outOfRange('-1')],
    ['x', noInteger('x')],
    ['1.0', noInteger('1.0')],
    ['1e2', noInteger('1e2')],
    ['0x10', noInteger('0x10')],
    [' 1', noInteger(' 1')],
  ])('max-keys=%s is %j', (text, expected) => {
    const query = new Map(text === undefined ? [] : [['max-keys', text]]);
    expect(outcomeOf(() => readLimit(query, 'max-keys'))).toEqual(expected);
  });

  it('of ListObjectVersions is refused in other words if it is negative', () => {
    const read = (text: string) => outcomeOf(() => readVersionLimit(new Map([['max-keys', text]])));
    expect([read(''), read('7'), read('5000')]).toEqual([1000, 7, 1000]);
    expect([read('-1'), read('x')]).toEqual(['InvalidArgument: max-keys cannot be negative', noInteger('x')]);
  });

  it('of ListBuckets has a range of its own', () => {
    const read = (text: string) => outcomeOf(() => readMaxBuckets(new Map([['max-buckets', text]])));
    const refused = 'InvalidArgument: Argument max-buckets must be an integer between 1 and 10000.';
    expect([read(''), read('1'), read('10000')]).toEqual([10_000, 1, 10_000]);
    expect([read('0'), read('-1'), read('10001')]).toEqual([refused, refused, refused]);
    expect(read('x')).toBe(noInteger('x'));
    expect(outcomeOf(() => readCount('x-amz-max-parts', '5000'))).toBe(5000);
  });

  it.each<[string | undefined, unknown]>([
    [undefined, undefined],
    ['1', 1],
    ['10000', 10_000],
    ['0', expect.stringContaining('InvalidArgument')],
    ['10001', expect.stringContaining('InvalidArgument')],
    ['-1', expect.stringContaining('InvalidArgument')],
    ['1.5', expect.stringContaining('InvalidArgument')],
    ['', expect.stringContaining('InvalidArgument')],
  ])('partNumber=%s is %j', (text, expected) => {
    const query = new Map(text === undefined ? [] : [['partNumber', text]]);
    expect(outcomeOf(() => readPartNumber(query))).toEqual(expected);
  });

  it.each<[string | undefined, unknown]>([
    [undefined, undefined],
    ['null', 'null'],
    ['3/L4kqtJlcpXroDTDmJ+rmSpXd3dIbrHY+MTRCxf3vjVBH40Nr8X8gdRQBpUMLUo', expect.stringMatching(/^3.*Uo$/)],
    ['', 'InvalidArgument: Version id cannot be the empty string'],
    ['a\r\nb', 'InvalidArgument: Invalid version id specified'],
    ['a b', 'InvalidArgument: Invalid version id specified'],
    ['é', 'InvalidArgument: Invalid version id specified'],
    ['v'.repeat(1025), 'InvalidArgument: Invalid version id specified'],
  ])('versionId=%j is %j', (text, expected) => {
    const query = new Map(text === undefined ? [] : [['versionId', text]]);
    expect(outcomeOf(() => readVersionId(query))).toEqual(expected);
  });

  it('encoding-type is url or nothing', () => {
    const read = (text: string) => outcomeOf(() => readEncodingType(new Map([['encoding-type', text]])));
    expect([read('url'), read('URL'), read('')]).toEqual(['url', 'url', undefined]);
    expect(read('xml')).toBe('InvalidArgument: Invalid Encoding Method specified in Request');
  });

  it('overrides a header of the answer, and no more than that', () => {
    const query = new Map([
      ['response-content-type', 'text/plain; charset=utf-8'],
      ['response-content-disposition', 'attachment; filename="é"'],
      ['response-set-cookie', 'a=b'],
      ['versionId', '1'],
    ]);
    expect(readResponseOverrides(query)).toEqual({
      'content-type': 'text/plain; charset=utf-8',
      'content-disposition': 'attachment; filename="é"',
    });
    for (const value of ['a\r\nSet-Cookie: b', 'a\nb', 'a\0b', '\u007f', '漢']) {
      const read = () => readResponseOverrides(new Map([['response-expires', value]]));
      expect(outcomeOf(read), JSON.stringify(value)).toMatch(/^InvalidArgument/);
    }
  });
});

describe('metadata', () => {
  it('is what the client has put under the prefix', () => {
    const metadata = readUserMetadata([
      ['X-Amz-Meta-Mtime', '1.5'],
      ['x-amz-meta-__proto__', ' x '],
      ['x-amz-acl', 'private'],
      ['content-type', 'a/b'],
    ]);
    expect([...metadata]).toEqual([
      ['mtime', '1.5'],
      ['__proto__', 'x'],
    ]);
  });

  it('has one value for a name that comes several times, in order, and its length counts once', () => {
    const metadata = readUserMetadata([
      ['x-amz-meta-key', 'value-1 '],
      ['x-amz-meta-other', 'x'],
      ['X-Amz-Meta-KEY', ' value-2'],
    ]);
    expect([...metadata]).toEqual([
      ['key', 'value-1,value-2'],
      ['other', 'x'],
    ]);
    const half: readonly [string, string] = ['x-amz-meta-abcd', 'v'.repeat(1022)];
    expect(() => readUserMetadata([half, half])).toThrow(
      expect.objectContaining({ fields: expect.objectContaining({ Size: '2049' }) }),
    );
  });

  it('has two kilobytes at most', () => {
    const ofSize = (bytes: number) => () => readUserMetadata([['x-amz-meta-abcd', 'v'.repeat(bytes - 4)]]);
    expect(ofSize(2048)().get('abcd')).toHaveLength(2044);
    expect(ofSize(2049)).toThrow(
      expect.objectContaining({ code: 'MetadataTooLarge', fields: { Size: '2049', MaxSizeAllowed: '2048' } }),
    );
  });

  it('is never the gateway’s own, neither way', () => {
    expect(() => readUserMetadata([['X-AMZ-Meta-Sealpart-Record', 'x']])).toThrow(
      expect.objectContaining({ code: 'InvalidArgument' }),
    );
    const stored = new Map([
      ['sealpart-record', 'x'],
      ['mtime', '1'],
    ]);
    expect([...visibleMetadata(stored).keys()]).toEqual(['mtime']);
  });

  it('cannot hold what ends a header', () => {
    expect(() => readUserMetadata([['x-amz-meta-a', 'b\r\nc']])).toThrow(
      expect.objectContaining({ code: 'InvalidArgument' }),
    );
  });
});
