import { expect, test } from 'vitest';
import type { ListedVersion } from '../../../src/objects/bucket-store.ts';
import { orderVersions } from '../../../src/objects/s3/order-versions.ts';

/** `k1` is a version of `k` from the time 1, `-k1` a mark of deletion, `k1!` the latest. */
function read(text: string): ListedVersion {
  const [, mark, key, time, latest] = /^(-?)(.)(\d)(!?)$/u.exec(text)!;
  const common = { key: key!, versionId: text, isLatest: latest === '!', lastModifiedMs: Number(time) };
  return mark === '-' ? { ...common, deleteMarker: true } : { ...common, etag: 'e', sizeBytes: 1 };
}

test.each([
  ['', ''],
  ['a2! a1 b1!', 'a2! a1 b1!'],
  // What is written in the right order is left alone, whatever its times are.
  ['a1! -a9 a2 -b1!', 'a1! -a9 a2 -b1!'],
  // All of the one kind, then all of the other.
  ['-k2 a5! k3! k1', 'a5! k3! -k2 k1'],
  ['a5! k3! k1 -k2', 'a5! k3! -k2 k1'],
  ['-k2! k2', '-k2! k2'],
  ['-k2 k2!', 'k2! -k2'],
  ['-k2 k3! k2', 'k3! -k2 k2'],
  ['-\u{10000}1! \uffee1!', '\uffee1! -\u{10000}1!'],
])('%s is %s', (given, expected) => {
  const versions = given === '' ? [] : given.split(' ').map(read);
  expect(
    orderVersions(versions)
      .map(({ versionId }) => versionId)
      .join(' '),
  ).toBe(expected);
});
