import { describe, expect, it } from 'vitest';
import { concatBytes, textBytes } from '../../src/format/bytes.ts';
import { encodeFields, fieldTypes, type HeaderField, parseFields } from '../../src/format/header-fields.ts';
import { u8, u16 } from '../../src/format/little-endian.ts';
import { codeOf } from '../support/refusal.ts';

function field(type: number, value: Uint8Array): Uint8Array {
  return concatBytes(u8(type), u16(value.length), value);
}

function prefixed(bytes: Uint8Array): Uint8Array {
  return concatBytes(u16(bytes.length), bytes);
}

function zeros(length: number): Uint8Array {
  return new Uint8Array(length);
}

const keyFile = field(fieldTypes.keyFile, zeros(68));

function context(name: string | Uint8Array, value: string | Uint8Array): Uint8Array {
  const bytesOf = (text: string | Uint8Array) => (typeof text === 'string' ? textBytes(text) : text);
  return field(fieldTypes.context, concatBytes(prefixed(bytesOf(name)), prefixed(bytesOf(value))));
}

function passphrase(log2N: number, r = 8, p = 1): Uint8Array {
  return field(fieldTypes.passphrase, concatBytes(u8(log2N), u8(r), u8(p), zeros(76)));
}

function kms(arn: Uint8Array, blob: Uint8Array, rest = 60): Uint8Array {
  return field(fieldTypes.kms, concatBytes(prefixed(arn), prefixed(blob), zeros(rest)));
}

const arn = textBytes('arn:aws:kms:eu-west-1:111122223333:key/k');

function judged(...fields: Uint8Array[]) {
  return codeOf(() => parseFields(concatBytes(...fields)));
}

describe('header fields', () => {
  it('of every kind are read', () => {
    const all = concatBytes(
      context('a', ''),
      context('b', 'ü'),
      field(fieldTypes.generation, zeros(8)),
      field(fieldTypes.object, zeros(32)),
      keyFile,
      passphrase(10),
      kms(arn, zeros(1)),
      field(fieldTypes.x25519, zeros(88)),
      field(0x14, zeros(0)),
      field(0x3f, zeros(3)),
      field(fieldTypes.origin, zeros(40)),
      field(0x81, zeros(1)),
      field(0xff, zeros(0)),
    );
    const fields = parseFields(all);
    const kinds = 'context context generation object keyFile passphrase kms x25519 opaque opaque origin opaque opaque';
    expect(fields.map(({ kind }) => kind)).toEqual(kinds.split(' '));
    expect(encodeFields(fields)).toEqual(all);
  });

  it('fill their bytes exactly (§1.10)', () => {
    expect(judged(keyFile, u8(fieldTypes.origin))).toBe('bad-header');
    expect(judged(keyFile, u8(fieldTypes.origin), u8(0))).toBe('bad-header');
    expect(judged(keyFile, u8(0x81), u16(1))).toBe('bad-header');
    expect(judged(keyFile, u8(0x81), u16(0))).toBeUndefined();
  });

  const lengths: [string, number, number][] = [
    ['generation', fieldTypes.generation, 8],
    ['object', fieldTypes.object, 32],
    ['key file', fieldTypes.keyFile, 68],
    ['passphrase', fieldTypes.passphrase, 79],
    ['X25519', fieldTypes.x25519, 88],
    ['origin', fieldTypes.origin, 40],
  ];
  it.each(lengths)('of the kind %s have their length', (_, type, length) => {
    const around = (value: Uint8Array): Uint8Array[] =>
      type < fieldTypes.keyFile ? [field(type, value), keyFile] : [keyFile, field(type, value)].slice(-2);
    const valid = type === fieldTypes.passphrase ? passphrase(12).subarray(3) : zeros(length);
    expect(judged(...around(valid))).toBeUndefined();
    expect(judged(...around(zeros(length - 1)))).toBe('bad-header');
    expect(judged(...around(zeros(length + 1)))).toBe('bad-header');
    expect(judged(...around(zeros(0)))).toBe('bad-header');
  });

  it('ascend by type (§1.11)', () => {
    expect(judged(keyFile, context('a', 'b'))).toBe('bad-header');
    expect(judged(field(0x81, zeros(0)), keyFile)).toBe('bad-header');
    expect(judged(keyFile, keyFile)).toBeUndefined();
  });

  it('of context have names that ascend and differ (§1.12)', () => {
    expect(judged(context('a', '2'), context('b', '1'), keyFile)).toBeUndefined();
    expect(judged(context('a', '1'), context('a', '2'), keyFile)).toBe('bad-header');
    expect(judged(context('b', '1'), context('a', '2'), keyFile)).toBe('bad-header');
    expect(judged(context('aa', '1'), context('a', '2'), keyFile)).toBe('bad-header');
    expect(judged(context('', '1'), keyFile)).toBe('bad-header');
    // By bytes of UTF-8, not by units of UTF-16.
    expect(judged(context('\uffff', '1'), context('\u{10000}', '2'), keyFile)).toBeUndefined();
  });

  it('are well-formed UTF-8 where they are text (§1.13)', () => {
    for (const wrong of [[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xe2, 0x82], [0xf5, 0x80, 0x80, 0x80]]) {
      const text = Uint8Array.from(wrong);
      expect(judged(context(text, 'v'), keyFile)).toBe('bad-header');
      expect(judged(context('n', text), keyFile)).toBe('bad-header');
      expect(judged(kms(text, zeros(4)))).toBe('bad-header');
    }
    const [mark] = parseFields(concatBytes(context('\ufeffn', '\ufeff'), keyFile));
    expect(mark).toEqual({ kind: 'context', name: '\ufeffn', value: '\ufeff' });
  });

  it('of context have lengths that agree', () => {
    expect(judged(field(1, zeros(0)), keyFile)).toBe('bad-header');
    expect(judged(field(1, zeros(1)), keyFile)).toBe('bad-header');
    expect(judged(field(1, concatBytes(u16(9), textBytes('n'))), keyFile)).toBe('bad-header');
    expect(judged(field(1, prefixed(textBytes('n'))), keyFile)).toBe('bad-header');
    expect(judged(field(1, concatBytes(prefixed(textBytes('n')), prefixed(zeros(0)), u8(0))), keyFile)).toBe(
      'bad-header',
    );
  });

  const once: [string, Uint8Array[]][] = [
    ['generation', [field(2, zeros(8)), field(2, zeros(8)), keyFile]],
    ['object', [field(3, zeros(32)), field(3, zeros(32)), keyFile]],
    ['passphrase', [passphrase(17), passphrase(17)]],
    ['origin', [keyFile, field(0x80, zeros(40)), field(0x80, zeros(40))]],
  ];
  it.each(once)('of the kind %s stand once at most (§1.14)', (_, twice) => {
    expect(judged(...twice)).toBe('bad-header');
  });

  it('have four KMS recipients at most', () => {
    const one = kms(arn, zeros(4));
    expect(judged(one, one, one, one)).toBeUndefined();
    expect(judged(one, one, one, one, one)).toBe('bad-header');
  });

  it('have 1 to 16 recipients, of kinds known or not (§1.15)', () => {
    expect(judged()).toBe('bad-header');
    expect(judged(context('a', 'b'))).toBe('bad-header');
    const unknown = field(0x20, zeros(1));
    expect(judged(unknown)).toBeUndefined();
    expect(judged(...Array.from({ length: 8 }, () => keyFile), ...Array.from({ length: 8 }, () => unknown))).toBe(
      undefined,
    );
    expect(judged(...Array.from({ length: 9 }, () => keyFile), ...Array.from({ length: 8 }, () => unknown))).toBe(
      'bad-header',
    );
  });

  it('of kinds that may come are kept as they are, of others unsupported (§1.16, §1.17)', () => {
    for (let type = 0; type <= 0xff; type++) {
      const known = (Object.values(fieldTypes) as number[]).includes(type);
      if (known) continue;
      const value = Uint8Array.of(0xff, 0xfe);
      const around = type < 0x10 ? [field(type, value), keyFile] : [keyFile, field(type, value)];
      const optional = (type >= 0x14 && type <= 0x3f) || type > 0x80;
      expect(judged(...around), `type ${type}`).toBe(optional ? undefined : 'unsupported');
      if (!optional) continue;
      const kept: HeaderField = { kind: 'opaque', type, value };
      expect(parseFields(concatBytes(...around))).toContainEqual(kept);
    }
  });

  it('ask for no more scrypt than is allowed (§1.19)', () => {
    for (let log2N = 0; log2N < 256; log2N++) {
      expect(judged(passphrase(log2N))).toBe(log2N >= 10 && log2N <= 20 ? undefined : 'bad-header');
    }
    expect(judged(passphrase(17, 9))).toBe('bad-header');
    expect(judged(passphrase(17, 8, 2))).toBe('bad-header');
  });

  it('of KMS have an ARN and a blob of lengths in range', () => {
    const longest = [new Uint8Array(2048).fill(0x61), zeros(6144)] as const;
    expect(judged(kms(...longest))).toBeUndefined();
    expect(judged(kms(new Uint8Array(2049).fill(0x61), zeros(4)))).toBe('bad-header');
    expect(judged(kms(zeros(0), zeros(4)))).toBe('bad-header');
    expect(judged(kms(arn, zeros(6145)))).toBe('bad-header');
    expect(judged(kms(arn, zeros(0)))).toBe('bad-header');
    expect(judged(kms(arn, zeros(4), 59))).toBe('bad-header');
    expect(judged(kms(arn, zeros(4), 61))).toBe('bad-header');
    expect(judged(field(fieldTypes.kms, concatBytes(prefixed(arn), u16(500), zeros(64))))).toBe('bad-header');
  });
});
