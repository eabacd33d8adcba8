import { expect, it } from 'vitest';
import { parseRange } from '../../src/cli/parse-range.ts';
import { parseSize } from '../../src/cli/parse-size.ts';
import {
  isStoreUrl,
  parseObjectName,
  parseObjectUrl,
  parseStoreUrl,
  parseTreeUrl,
} from '../../src/cli/parse-store-url.ts';
import { collectContext, parseCount, parseDigest } from '../../src/cli/parse-values.ts';
import { UsageError } from '../../src/cli/usage-error.ts';

it.each([
  ['0', 0],
  ['65536', 65_536],
  ['64KiB', 65_536],
  ['64k', 65_536],
  ['8M', 2 ** 23],
  ['8 MiB', 2 ** 23],
  ['1.5GiB', 1.5 * 2 ** 30],
  ['1T', 2 ** 40],
  ['12b', 12],
])('the size %s has %d bytes', (text, bytes) => {
  expect(parseSize(text)).toBe(bytes);
});

it.each(['', 'KiB', '-1', '1.3', '1.5.5K', '5x', '8MB', '0x10', '1e3', '99999999T'])('"%s" is not a size', (text) => {
  expect(() => parseSize(text)).toThrow(UsageError);
});

it.each([
  ['0-0', { first: 0, last: 0 }],
  ['5-9', { first: 5, last: 9 }],
  ['5-', { first: 5 }],
  ['-5', { suffix: 5 }],
  ['007-8', { first: 7, last: 8 }],
])('the range %s', (text, range) => {
  expect(parseRange(text)).toEqual(range);
});

it.each(['', '-', '5', '9-5', '-0', 'a-b', '1-2-3', ' 1-2', '1 - 2', '+1-2', '9007199254740993-', '-1.5'])(
  '"%s" is not a range',
  (text) => {
    expect(() => parseRange(text)).toThrow(UsageError);
  },
);

it.each([
  ['dir:/srv/store//bucket/key', '/srv/store', 'bucket', 'key'],
  ['dir:.//bucket/a/../b', '.', 'bucket', 'a/../b'],
  ['dir:s//bucket//leading', 's', 'bucket', '/leading'],
  ['dir:s//bucket/a//b//', 's', 'bucket', 'a//b//'],
  ['dir:s//bucket/%2F%20 ?#ü', 's', 'bucket', '%2F%20 ?#ü'],
  ['dir:a/b:c//bucket/s3://x', 'a/b:c', 'bucket', 's3://x'],
])('%s', (url, path, bucket, key) => {
  expect(parseObjectUrl(url)).toEqual({ kind: 'dir', path, bucket, key });
});

it.each([
  ['s3://bucket/key', 'bucket', 'key'],
  ['s3://b/a//b', 'b', 'a//b'],
  ['s3://b//leading', 'b', '/leading'],
  ['s3://b/..', 'b', '..'],
  ['s3://b/a/../b/', 'b', 'a/../b/'],
  ['s3://b/%2F%20 ?versionId=1#ü', 'b', '%2F%20 ?versionId=1#ü'],
])('%s: nothing in the key is decoded or tidied up', (url, bucket, key) => {
  expect(parseObjectUrl(url)).toEqual({ kind: 's3', bucket, key });
});

it('a tree is a bucket, or the beginning of keys up to a slash', () => {
  expect(parseTreeUrl('s3://b')).toEqual({ kind: 's3', bucket: 'b', key: '' });
  expect(parseTreeUrl('dir:s//b/a//')).toEqual({ kind: 'dir', path: 's', bucket: 'b', key: 'a//' });
  expect(() => parseTreeUrl('s3://b/a')).toThrow(/"s3:\/\/b\/a\/"/);
});

it('a bucket alone, or with the beginning of its keys, can be listed', () => {
  expect(parseStoreUrl('dir:s//bucket')).toEqual({ kind: 'dir', path: 's', bucket: 'bucket', key: '' });
  expect(parseStoreUrl('dir:s//bucket/')).toEqual({ kind: 'dir', path: 's', bucket: 'bucket', key: '' });
  expect(parseStoreUrl('dir:s//bucket/a/')).toEqual({ kind: 'dir', path: 's', bucket: 'bucket', key: 'a/' });
  expect(parseStoreUrl('s3://bucket')).toEqual({ kind: 's3', bucket: 'bucket', key: '' });
});

it.each([
  ['s3:bucket/key', /double slash/],
  ['s3:///key', /names no bucket/],
  ['s3://bucket', /names no object/],
  ['/srv/store', /not the URL/],
  ['dir:store', /where the store's folder ends/],
  ['dir:store/bucket/key', /where the store's folder ends/],
  ['dir://bucket/key', /names no folder/],
  ['dir:store//', /names no bucket/],
  ['dir:store///key', /names no bucket/],
  ['dir:store//bucket', /names no object/],
  ['dir:store//bucket/', /names no object/],
])('%s is refused as the URL of an object', (url, reason) => {
  expect(() => parseObjectUrl(url)).toThrow(UsageError);
  expect(() => parseObjectUrl(url)).toThrow(reason);
});

it('what names a store is told from what names a file', () => {
  expect(['dir:a//b/c', 's3://b/k', './dir:a', 'a', '-'].map(isStoreUrl)).toEqual([true, true, false, false, false]);
});

it('an object name is a bucket, a slash and a key', () => {
  expect(parseObjectName('bucket/a/b')).toEqual({ bucket: 'bucket', key: 'a/b' });
  expect(parseObjectName('bucket//')).toEqual({ bucket: 'bucket', key: '/' });
  for (const text of ['', 'bucket', 'bucket/', '/key', `${'b'.repeat(2000)}/key`]) {
    expect(() => parseObjectName(text)).toThrow(UsageError);
  }
});

it('counts, digests and context entries', () => {
  expect(parseCount('12')).toBe(12);
  for (const text of ['', '-1', '1.5', 'a', '1e3', '9'.repeat(20)]) expect(() => parseCount(text)).toThrow(UsageError);
  expect(parseDigest('AB'.repeat(32))).toEqual(new Uint8Array(32).fill(0xab));
  for (const text of ['', 'ab', 'zz'.repeat(32), 'ab'.repeat(33)]) expect(() => parseDigest(text)).toThrow(UsageError);
  expect(collectContext('b=c=d', new Map([['a', '']]))).toEqual(
    new Map([
      ['a', ''],
      ['b', 'c=d'],
    ]),
  );
  expect(() => collectContext('a', undefined)).toThrow('NAME=VALUE');
  expect(() => collectContext('=a', undefined)).toThrow('NAME=VALUE');
  expect(() => collectContext('a=2', new Map([['a', '1']]))).toThrow('twice');
});
