import { describe, expect, it } from 'vitest';
import { S3Error } from '../../../src/s3-protocol/errors/s3-error.ts';
import { isBucketName, isNewBucketName, isReservedKey } from '../../../src/s3-protocol/routes/names.ts';
import { parseRequestTarget } from '../../../src/s3-protocol/routes/request-target.ts';
import { fc } from '../../support/properties.ts';

function answerTo(target: string, host?: string, domains?: readonly string[]): unknown {
  try {
    const { bucket, key } = parseRequestTarget(target, host, domains);
    return [bucket, key];
  } catch (error) {
    if (error instanceof S3Error) return error.code;
    throw error;
  }
}

describe('a target with the bucket in its path', () => {
  it.each<[string, unknown]>([
    ['/', [undefined, undefined]],
    ['/?x-id=ListBuckets', [undefined, undefined]],
    ['/bucket', ['bucket', undefined]],
    ['/bucket/', ['bucket', undefined]],
    ['/bucket?acl', ['bucket', undefined]],
    ['/bucket/key', ['bucket', 'key']],
    ['/bucket/a/b/', ['bucket', 'a/b/']],
    ['/bucket//', ['bucket', '/']],
    ['/bucket//a', ['bucket', '/a']],
    ['/bucket/a//b', ['bucket', 'a//b']],
    ['/bucket/..', ['bucket', '..']],
    ['/bucket/../other/key', ['bucket', '../other/key']],
    ['/bucket/%2e%2e/%2E/', ['bucket', '../'.concat('./')]],
    ['/bucket/a%2Fb', ['bucket', 'a/b']],
    ['/bucket/%2F', ['bucket', '/']],
    ['/bucket/%252e', ['bucket', '%2e']],
    ['/bucket/a+b%20c', ['bucket', 'a+b c']],
    ['/bucket/a%2Bb', ['bucket', 'a+b']],
    ['/bucket/a%3Fb', ['bucket', 'a?b']],
    ['/bucket/a%23b#c', ['bucket', 'a#b#c']],
    ['/bucket/%00', ['bucket', '\0']],
    ['/bucket/%0D%0Aa', ['bucket', '\r\na']],
    ['/bucket/caf%C3%A9', ['bucket', 'café']],
    ['/bucket/caf\u00c3\u00a9', ['bucket', 'café']],
    ['/bucket/%EF%BB%BFa', ['bucket', '\ufeffa']],
    ['/bucket/%F0%9F%98%80', ['bucket', '😀']],
    ['/b%75cket/key', ['bucket', 'key']],
    ["/bucket/!'()*;:@&=$,[]", ['bucket', "!'()*;:@&=$,[]"]],
    [`/bucket/${'k'.repeat(1024)}`, ['bucket', 'k'.repeat(1024)]],
    [`/bucket/${'k'.repeat(1025)}`, 'KeyTooLongError'],
    [`/bucket/${'%C3%A9'.repeat(513)}`, 'KeyTooLongError'],
    ['/bucket/%', 'InvalidURI'],
    ['/bucket/%4', 'InvalidURI'],
    ['/bucket/%zz', 'InvalidURI'],
    ['/bucket/%C3', 'InvalidURI'],
    ['/bucket/%FF', 'InvalidURI'],
    ['/bucket/%C0%AE', 'InvalidURI'],
    ['/bucket/%ED%A0%80', 'InvalidURI'],
    ['/bucket/k?prefix=%FF', 'InvalidURI'],
    ['/bucket/k?%C3=1', 'InvalidURI'],
    ['/bucket/a b', 'InvalidURI'],
    ['/bucket/a\tb', 'InvalidURI'],
    ['', 'InvalidURI'],
    ['*', 'InvalidURI'],
    ['bucket/key', 'InvalidURI'],
    ['http://localhost/bucket/key', 'InvalidURI'],
    ['//bucket/key', 'InvalidBucketName'],
    ['/bucket%2Fkey', 'InvalidBucketName'],
    ['/../bucket', 'InvalidBucketName'],
    ['/.', 'InvalidBucketName'],
    ['/%2e%2e/x', 'InvalidBucketName'],
    ['/Bucket/x', 'InvalidBucketName'],
    ['/b%00cket/x', 'InvalidBucketName'],
  ])('%j', (target, expected) => {
    expect(answerTo(target)).toEqual(expected);
  });

  it('gives back every key that there can be', () => {
    const keys = fc.string({ unit: 'binary', minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(keys, (key) => {
        const target = `/bucket/${encodeURIComponent(key)}`;
        expect(parseRequestTarget(target).key).toBe(key);
        expect(parseRequestTarget(target.replaceAll('%2F', '/')).key).toBe(key);
      }),
    );
  });
});

describe('a target with the bucket in its host', () => {
  const domains = ['s3.example.com', 'example.com'];

  it.each<[string, string, unknown]>([
    ['bucket.s3.example.com', '/', ['bucket', undefined]],
    ['bucket.s3.example.com', '/a/b', ['bucket', 'a/b']],
    ['bucket.s3.example.com', '//a', ['bucket', '/a']],
    ['bucket.s3.example.com:9440', '/a', ['bucket', 'a']],
    ['BUCKET.S3.Example.com', '/a', ['bucket', 'a']],
    ['my.bucket.s3.example.com', '/a', ['my.bucket', 'a']],
    ['other.example.com', '/a', ['other', 'a']],
    ['s3.example.com', '/bucket/a', ['bucket', 'a']],
    ['s3.example.com:80', '/bucket/a', ['bucket', 'a']],
    ['example.com', '/bucket/a', ['bucket', 'a']],
    ['notexample.com', '/bucket/a', ['bucket', 'a']],
    ['localhost', '/bucket/a', ['bucket', 'a']],
    ['127.0.0.1:9440', '/bucket/a', ['bucket', 'a']],
    ['[::1]:9440', '/bucket/a', ['bucket', 'a']],
    ['.s3.example.com', '/a', 'InvalidBucketName'],
    ['b_c.s3.example.com', '/a', 'InvalidBucketName'],
    ['ab.s3.example.com', '/a', 'InvalidBucketName'],
  ])('%s %s', (host, target, expected) => {
    expect(answerTo(target, host, domains)).toEqual(expected);
  });
});

describe('the query of a target', () => {
  const query = (text: string) => [...parseRequestTarget(`/bucket?${text}`).query];

  it.each<[string, [string, string][]]>([
    ['', []],
    ['acl', [['acl', '']]],
    ['acl=', [['acl', '']]],
    ['&&acl&', [['acl', '']]],
    [
      'prefix=a%2Fb&delimiter=/',
      [
        ['prefix', 'a/b'],
        ['delimiter', '/'],
      ],
    ],
    ['prefix=a+b%2Bc', [['prefix', 'a b+c']]],
    ['prefix=a=b?c', [['prefix', 'a=b?c']]],
    ['prefix=caf%C3%A9', [['prefix', 'café']]],
    ['%61cl', [['acl', '']]],
  ])('%s', (text, expected) => {
    expect(query(text)).toEqual(expected);
  });

  it('is refused if a parameter is in it twice, however it is written', () => {
    for (const text of ['a=1&a=1', 'a&a=2', '%61=1&a=2', 'versionId=a&prefix=&versionId=b']) {
      expect(answerTo(`/bucket?${text}`), text).toBe('InvalidArgument');
    }
  });
});

describe('names', () => {
  it.each([
    ['abc', true],
    ['a'.repeat(63), true],
    ['a.b-c.9', true],
    ['0ab', true],
    ['ab', false],
    ['a'.repeat(64), false],
    ['-ab', false],
    ['ab-', false],
    ['.ab', false],
    ['ab.', false],
    ['a..b', false],
    ['a_b', false],
    ['aBc', false],
    ['a/b', false],
    ['abc\n', false],
    ['192.168.0.1', false],
    ['1.2.3.4.5', true],
    ['1234.1.1.1', true],
  ])('of a bucket: %s', (name, expected) => {
    expect(isBucketName(name)).toBe(expected);
    expect(isNewBucketName(name)).toBe(expected);
  });

  it('of buckets that S3 alone makes', () => {
    for (const name of ['xn--abc', 'sthree-abc', 'amzn-s3-demo-abc', 'abc-s3alias', 'abc--x-s3', 'abc.mrap']) {
      expect([isBucketName(name), isNewBucketName(name)], name).toEqual([true, false]);
    }
  });

  it('of keys that are the gateway’s', () => {
    const reserved = ['.sealpart/', '.sealpart/held/a', '.sealpart'];
    // As a store has them that makes paths of keys.
    const asPaths = [
      '/.sealpart/',
      './.sealpart/a',
      '//.sealpart/a',
      'a/../.sealpart/a',
      '../.sealpart/',
      './/.sealpart',
    ];
    for (const key of [...reserved, ...asPaths]) expect(isReservedKey(key), key).toBe(true);
    const free = ['a/.sealpart/b', 'a/./.sealpart', '..sealpart/a', '.sealparty', '.SEALPART/a', '', '/', 'a//b'];
    for (const key of free) expect(isReservedKey(key), key).toBe(false);
  });
});
