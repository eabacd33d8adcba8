import { expect, test } from 'vitest';
import { bareEtag, quotedEtag, sameEtag } from '../../../src/objects/s3/etag.ts';

const md5 = '0123456789abcdef0123456789abcdef';

test.each([
  [`"${md5}"`, md5],
  [md5, md5],
  [`W/"${md5}"`, md5],
  [`w/"${md5}-12"`, `${md5}-12`],
  [`  "${md5}-12" `, `${md5}-12`],
  ['"CPz0xPmB+YkCEAE="', 'CPz0xPmB+YkCEAE='],
  ['"Mixed-Case"', 'Mixed-Case'],
  ['""', ''],
  ['"', '"'],
  ['', ''],
])('%j without quotes is %j', (text, expected) => {
  expect(bareEtag(text)).toBe(expected);
});

test('quoting is the same for all ways to write it', () => {
  for (const text of [md5, `"${md5}"`, `W/"${md5}"`]) expect(quotedEtag(text)).toBe(`"${md5}"`);
});

test('hexadecimal ones are compared without case, others as they are', () => {
  expect(sameEtag(md5, `W/"${md5.toUpperCase()}"`)).toBe(true);
  expect(sameEtag(`${md5}-3`, `"${md5.toUpperCase()}-3"`)).toBe(true);
  expect(sameEtag(`${md5}-3`, `${md5}-4`)).toBe(false);
  expect(sameEtag(md5, `${md5}-1`)).toBe(false);
  expect(sameEtag('opaque', 'OPAQUE')).toBe(false);
  expect(sameEtag('opaque', '"opaque"')).toBe(true);
});
