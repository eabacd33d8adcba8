import { expect, test } from 'vitest';
import { type DrawBytes, freshBytes, requireDistinct } from '../../src/crypto/fresh-bytes.ts';
import { sealHeader } from '../../src/keys/seal-header.ts';
import { failureOf, keyFileWriter, never, smallParameters } from '../keys/fixtures.ts';

const seal = (draw: DrawBytes): Promise<unknown> =>
  sealHeader({ parameters: smallParameters, recipients: keyFileWriter, draw }, never());

function counter(): DrawBytes {
  let next = 1;
  return (length) => Uint8Array.from({ length }, () => next++ & 0xff);
}

test('gives as many bytes as asked, and other ones each time', () => {
  expect(freshBytes(16).length).toBe(16);
  expect(freshBytes(32)).not.toEqual(freshBytes(32));
  expect(freshBytes(12, counter()).length).toBe(12);
});

test('a source that cannot be trusted encrypts nothing', async () => {
  const broken: readonly [DrawBytes, string][] = [
    [(length) => new Uint8Array(length), 'it gave zeros'],
    [(length) => new Uint8Array(length).fill(7), 'it gave the same bytes twice'],
    [(length) => new Uint8Array(length - 1).fill(7), 'it gave 31 bytes where 32 were asked for'],
    [
      () => {
        throw new Error('EIO');
      },
      'it gave no bytes',
    ],
  ];
  for (const [draw, what] of broken) {
    expect((await failureOf(() => freshBytes(32, draw), 'io')).message).toContain(what);
    expect((await failureOf(seal(draw), 'io')).message).toContain(what);
  }
});

test('a source that goes bad after it was tried is noticed by the next stream', async () => {
  for (const rest of [new Uint8Array(32), new Uint8Array(32).fill(9)]) {
    const good = counter();
    let draws = 0;
    const draw: DrawBytes = (length) => (draws++ < 2 ? good(length) : rest.slice(0, length));
    await failureOf(seal(draw), 'io');
    expect(draws).toBeGreaterThan(2);
  }
});

test('a source is tried once', async () => {
  let draws = 0;
  const good = counter();
  const draw: DrawBytes = (length) => {
    draws += 1;
    return good(length);
  };
  freshBytes(8, draw);
  expect(draws).toBe(3);
  freshBytes(8, draw);
  expect(draws).toBe(4);
});

test('values that begin alike are refused', async () => {
  const a = Uint8Array.of(1, 2, 3, 4);
  await failureOf(() => requireDistinct(a, Uint8Array.of(9, 9, 9, 9), Uint8Array.of(1, 2, 3, 4, 5)), 'io');
  expect(() => requireDistinct(a, Uint8Array.of(1, 2, 3, 5))).not.toThrow();
});
