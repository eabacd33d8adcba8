import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeBech32, encodeBech32 } from '../../src/keys/bech32.ts';

// BIP 173's own lists, as far as they concern the checksum and not the length of addresses.
const valid = [
  'A12UEL5L',
  'a12uel5l',
  'abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw',
  '11qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqc8247j',
  'split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w',
  '?1ezyfcl',
  'an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1tt5tgs',
];
const invalid = [
  '\u{20}1nwldj5',
  '\u{7f}1axkwrx',
  '\u{80}1eym55h',
  'pzry9x0s0muk',
  '1pzry9x0s0muk',
  'x1b4n0q5v',
  'li1dgmt3',
  'de1lg7wt\u{ff}',
  'A1G7SGD8',
  '10a06t8',
  '1qzzfhee',
  '',
  '1',
];

const prefixes = fc
  .string({
    minLength: 1,
    maxLength: 24,
    unit: fc.integer({ min: 0x21, max: 0x7e }).map((c) => String.fromCharCode(c)),
  })
  .map((text) => text.toLowerCase());

describe('bech32', () => {
  test('reads and writes what BIP 173 calls valid', () => {
    for (const text of valid) {
      const { prefix, data } = decodeBech32(text)!;
      expect(encodeBech32(prefix, data)).toBe(text.toLowerCase());
    }
    expect(decodeBech32('A12UEL5L')).toEqual({ prefix: 'a', data: new Uint8Array(0) });
    expect(Buffer.from(decodeBech32(valid[2]!)!.data).toString('hex')).toBe('00443214c74254b635cf84653a56d7c675be77df');
    expect(decodeBech32(valid[4]!)?.data.length).toBe(30);
  });

  test('refuses what BIP 173 calls invalid', () => {
    for (const text of invalid) expect(decodeBech32(text), JSON.stringify(text)).toBeUndefined();
  });

  test('refuses capitals mixed with small letters, and letters that fold into ASCII', () => {
    const text = encodeBech32('k', Uint8Array.of(1, 2, 3));
    expect(decodeBech32(text.toUpperCase())?.data).toEqual(Uint8Array.of(1, 2, 3));
    expect(decodeBech32(text.replace('k', 'K'))).toBeUndefined();
    expect(decodeBech32(text.toUpperCase().replace('K', '\u212a'))).toBeUndefined();
  });

  test('gives back any bytes under any prefix, without a limit of length', () => {
    fc.assert(
      fc.property(prefixes, fc.uint8Array({ maxLength: 300 }), (prefix, data) => {
        const text = encodeBech32(prefix, data);
        expect(decodeBech32(text)).toEqual({ prefix, data });
        expect(decodeBech32(text.toUpperCase())).toEqual({ prefix, data });
      }),
    );
  });

  test('has one text for each value: what decodes encodes to the same', () => {
    const alphabet = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.integer({ min: 0, max: 31 }), (data, group) => {
        // Another filling of the last group, with a checksum that is right for it.
        const text = encodeBech32('x', data);
        const changed = text.slice(0, -7) + alphabet[group] + text.slice(-6);
        const decoded = decodeBech32(changed);
        if (decoded !== undefined) expect(encodeBech32('x', decoded.data)).toBe(changed);
      }),
    );
  });

  test('refuses groups that are not the only way to write their bytes, with a checksum that is right', () => {
    expect(decodeBech32('x1pympyc4v')?.data).toEqual(Uint8Array.of(9));
    // The same byte with bits set after it, and groups that end with one too many.
    for (const text of ['x1p9xhsdg7', 'x1pxgy9mxp', 'x1pxgy9m8', 'x1qm7ssx4', 'x1qqqn0an5s']) {
      expect(decodeBech32(text), text).toBeUndefined();
    }
  });

  test('notices every change of one character', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.nat(), fc.nat(), (data, at, shift) => {
        const alphabet = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
        const text = encodeBech32('sealpart', data);
        const i = 9 + (at % (text.length - 9));
        const other = alphabet[(alphabet.indexOf(text[i]!) + 1 + (shift % 31)) % 32]!;
        expect(decodeBech32(text.slice(0, i) + other + text.slice(i + 1))).toBeUndefined();
      }),
    );
  });

  test('writes prefixes that it could read back', () => {
    for (const prefix of ['', 'A', 'a b', 'é'])
      expect(() => encodeBech32(prefix, new Uint8Array(1))).toThrow(RangeError);
  });
});
