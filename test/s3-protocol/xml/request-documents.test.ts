import { describe, expect, it } from 'vitest';
import { S3Error } from '../../../src/s3-protocol/errors/s3-error.ts';
import { readCompleteMultipartUpload } from '../../../src/s3-protocol/xml/read-complete-multipart-upload.ts';
import {
  checkConfiguration,
  checkPolicy,
  readCreateBucketConfiguration,
  readVersioningConfiguration,
} from '../../../src/s3-protocol/xml/read-configurations.ts';
import { readDelete } from '../../../src/s3-protocol/xml/read-delete.ts';
import { readTagging } from '../../../src/s3-protocol/xml/read-tagging.ts';

const bytes = (document: string): Uint8Array => new TextEncoder().encode(document);

function errorOf(read: () => unknown): S3Error {
  try {
    read();
  } catch (error) {
    if (error instanceof S3Error) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('Delete', () => {
  const read = (document: string) => readDelete(bytes(document));

  it('names objects, versions and conditions', () => {
    const request = read(
      '<Delete><Object><Key> a&amp;b </Key></Object><Quiet>True</Quiet>' +
        '<Object><VersionId>null</VersionId><Key>c</Key><ETag>"e"</ETag><Size>5</Size>' +
        '<LastModifiedTime>Mon, 01 Jan 2024 00:00:00 GMT</LastModifiedTime></Object>' +
        '<Object><Key>d</Key><VersionId></VersionId></Object></Delete>',
    );
    expect(request).toEqual({
      quiet: true,
      objects: [
        { key: ' a&b ' },
        {
          key: 'c',
          versionId: 'null',
          etag: '"e"',
          sizeBytes: 5,
          lastModifiedTime: 'Mon, 01 Jan 2024 00:00:00 GMT',
        },
        { key: 'd' },
      ],
    });
  });

  it('takes a thousand of the longest keys there are', () => {
    const objects = (count: number) => `<Object><Key>${'&#x10FFF;'.repeat(341)}</Key></Object>`.repeat(count);
    expect(read(`<Delete>${objects(1000)}</Delete>`).objects).toHaveLength(1000);
    expect(errorOf(() => read(`<Delete>${objects(1001)}</Delete>`)).code).toBe('MalformedXML');
  });

  it.each([
    '<Delete/>',
    '<delete><Object><Key>a</Key></Object></delete>',
    '<Delete><Object/></Delete>',
    '<Delete><Object><Key/></Object></Delete>',
    '<Delete><Object><Key>a</Key><Key>b</Key></Object></Delete>',
    '<Delete><Object><Key>a<b/></Key></Object></Delete>',
    '<Delete><Object><Key>a</Key><Other/></Object></Delete>',
    '<Delete><Object><Key>a</Key></Object>text</Delete>',
    '<Delete><Object><Key>a</Key></Object><Quiet>1</Quiet></Delete>',
    '<Delete><Object><Key>a</Key></Object><Quiet>true</Quiet><Quiet>false</Quiet></Delete>',
    '<Delete><Object><Key>a</Key><Size>x</Size></Object></Delete>',
    '<Delete><__proto__><Key>a</Key></__proto__></Delete>',
  ])('is refused: %s', (document) => {
    expect(errorOf(() => read(document)).code).toBe('MalformedXML');
  });
});

describe('CompleteMultipartUpload', () => {
  const part = (number: number | string, more = '') =>
    `<Part><PartNumber>${number}</PartNumber><ETag>e</ETag>${more}</Part>`;
  const read = (parts: string) =>
    readCompleteMultipartUpload(bytes(`<CompleteMultipartUpload>${parts}</CompleteMultipartUpload>`));

  it('lists parts with their checksums', () => {
    const quoted = '<Part><ETag>&quot;abc&quot;</ETag><PartNumber> 7 </PartNumber></Part>';
    expect(read(part(2, '<ChecksumCRC32>AAAAAA==</ChecksumCRC32><ChecksumSHA1/>') + quoted)).toEqual([
      { partNumber: 2, etag: 'e', checksums: { ChecksumCRC32: 'AAAAAA==' } },
      { partNumber: 7, etag: 'abc', checksums: {} },
    ]);
  });

  it('lists ten thousand', () => {
    const checksums = `<ChecksumSHA256>${'A'.repeat(44)}</ChecksumSHA256><ChecksumCRC64NVME>AAAAAAAAAAA=</ChecksumCRC64NVME>`;
    const parts = Array.from({ length: 10_000 }, (_, i) => part(i + 1, checksums)).join('');
    expect(read(parts)).toHaveLength(10_000);
  });

  it.each([
    ['', 'MalformedXML'],
    ['<Part><PartNumber>1</PartNumber></Part>', 'MalformedXML'],
    ['<Part><ETag>e</ETag></Part>', 'MalformedXML'],
    [part('x'), 'MalformedXML'],
    [part('1e3'), 'MalformedXML'],
    [part('9'.repeat(400)), 'MalformedXML'],
    [part(1, '<PartNumber>2</PartNumber>'), 'MalformedXML'],
    [part(1, '<Other/>'), 'MalformedXML'],
    [part(0), 'InvalidArgument'],
    [part(-1), 'InvalidArgument'],
    [part(10_001), 'InvalidPart'],
    [part(1) + part(1), 'InvalidPartOrder'],
    [part(2) + part(1), 'InvalidPartOrder'],
  ])('is refused: %s is %s', (parts, code) => {
    expect(errorOf(() => read(parts)).code).toBe(code);
  });
});

describe('Tagging', () => {
  const tag = (key: string, value = '') => `<Tag><Key>${key}</Key><Value>${value}</Value></Tag>`;
  const read = (tags: string, on: 'object' | 'bucket' = 'object') =>
    readTagging(bytes(`<Tagging><TagSet>${tags}</TagSet></Tagging>`), on);
  const many = (count: number) => Array.from({ length: count }, (_, i) => tag(`k${i}`)).join('');

  it('lists tags', () => {
    expect(read(tag('a', 'é =+') + tag('b'))).toEqual([
      { key: 'a', value: 'é =+' },
      { key: 'b', value: '' },
    ]);
    expect(read('')).toEqual([]);
    expect(read(many(50), 'bucket')).toHaveLength(50);
  });

  it.each([
    [tag(''), 'InvalidTag', 'The TagKey you have provided is invalid'],
    [tag('k'.repeat(129)), 'InvalidTag', 'The TagKey you have provided is invalid'],
    [tag('a&amp;b'), 'InvalidTag', 'The TagKey you have provided is invalid'],
    [tag('aws:a'), 'InvalidTag', 'Your TagKey cannot be prefixed with aws:'],
    [tag('a', 'v'.repeat(257)), 'InvalidTag', 'The TagValue you have provided is invalid'],
    [tag('a', '?'), 'InvalidTag', 'The TagValue you have provided is invalid'],
    [tag('a') + tag('a'), 'InvalidTag', 'Cannot provide multiple Tags with the same key'],
    [many(11), 'BadRequest', 'Object tags cannot be greater than 10'],
    ['<Tag><Key>a</Key></Tag>', 'MalformedXML', expect.any(String)],
  ])('is refused: %s is %s', (tags, code, message) => {
    expect(errorOf(() => read(tags))).toMatchObject({ code, message });
  });

  it('on a bucket has a limit of its own', () => {
    expect(errorOf(() => read(many(51), 'bucket')).message).toBe('Bucket tag count cannot be greater than 50');
  });
});

describe('configurations', () => {
  it('of a new bucket', () => {
    const read = (content: string) =>
      readCreateBucketConfiguration(bytes(`<CreateBucketConfiguration>${content}</CreateBucketConfiguration>`));
    expect(readCreateBucketConfiguration(bytes(''))).toEqual({ tags: [] });
    expect(read('')).toEqual({ tags: [] });
    expect(read('<LocationConstraint>eu-west-1</LocationConstraint>')).toEqual({
      locationConstraint: 'eu-west-1',
      tags: [],
    });
    expect(read('<Tags><Tag><Key>a</Key><Value>b</Value></Tag></Tags>').tags).toEqual([{ key: 'a', value: 'b' }]);
    expect(errorOf(() => read('<Location><Type>AvailabilityZone</Type></Location>')).code).toBe('NotImplemented');
    expect(errorOf(() => read('<Other/>')).code).toBe('MalformedXML');
  });

  it('of versioning', () => {
    const read = (content: string) =>
      readVersioningConfiguration(bytes(`<VersioningConfiguration>${content}</VersioningConfiguration>`));
    expect(read('')).toEqual({});
    expect(read('<Status>Enabled</Status><MfaDelete>Disabled</MfaDelete>')).toEqual({
      status: 'Enabled',
      mfaDelete: 'Disabled',
    });
    expect(errorOf(() => read('<Status>enabled</Status>')).code).toBe('MalformedXML');
  });

  it('of any kind have the root they must have', () => {
    checkConfiguration(bytes('<CORSConfiguration><CORSRule/></CORSConfiguration>'), 'CORSConfiguration');
    expect(errorOf(() => checkConfiguration(bytes('<Other/>'), 'CORSConfiguration')).code).toBe('MalformedXML');
    expect(errorOf(() => checkConfiguration(bytes(''), 'CORSConfiguration')).code).toBe('MalformedXML');
  });

  it('in JSON are an object', () => {
    checkPolicy(bytes('{"Version":"2012-10-17"}'));
    for (const text of ['', '[]', 'null', '"x"', '{', '{}x', '\ufeff{}']) {
      expect(errorOf(() => checkPolicy(bytes(text))).code, text).toBe('MalformedPolicy');
    }
    expect(errorOf(() => checkPolicy(Uint8Array.of(0x7b, 0xff, 0x7d))).code).toBe('MalformedPolicy');
    expect(errorOf(() => checkPolicy(new Uint8Array(1024 * 1024 + 1))).code).toBe('MaxMessageLengthExceeded');
    // Nested without end: read without a call for each level.
    expect(errorOf(() => checkPolicy(bytes('['.repeat(500_000)))).code).toBe('MalformedPolicy');
  });
});
