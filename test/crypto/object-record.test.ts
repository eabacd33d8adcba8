import { createCipheriv, createHash, createHmac, randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { secretKey } from '../../src/crypto/hkdf.ts';
import { StreamKeys } from '../../src/crypto/key-schedule.ts';
import { decodeObjectFields, encodeObjectFields } from '../../src/crypto/object-fields.ts';
import {
  mostRecordBytes,
  type ObjectRecord,
  openObjectRecord,
  type RecordSubject,
  sealObjectRecord,
} from '../../src/crypto/object-record.ts';
import { keyOf, smallParameters } from '../keys/fixtures.ts';
import { fc } from '../support/properties.ts';
import { etags, objectRecords } from './object-record-arbitraries.ts';

const recordKey = keyOf(0x11);
const subject: RecordSubject = { logicalBucket: 'photos', key: 'café/☃.raw', etag: '9b2cf535f27731c974343645a3985328' };

const record: ObjectRecord = {
  sizeBytes: 2 ** 40 + 5,
  streamId: new Uint8Array(16).fill(1),
  contentLength: 2 ** 40 - 7,
  etag: 'd41d8cd98f00b204e9800998ecf8427e',
  checksums: { SHA256: Buffer.alloc(32, 4).toString('base64') },
  parameters: smallParameters,
  streamDigest: new Uint8Array(32).fill(2),
  finalSalt: new Uint8Array(16).fill(3),
  partCount: 0,
};

const u16 = (value: number): Buffer => Buffer.from([value & 0xff, value >> 8]);

describe('the encoding of records', () => {
  test('gives back what it was given, and what decodes encodes to the same bytes', () => {
    fc.assert(
      fc.property(objectRecords, (any) => {
        const bytes = encodeObjectFields(any, 1000);
        const decoded = decodeObjectFields(bytes);
        expect(decoded).toEqual(any);
        expect(Buffer.from(encodeObjectFields(decoded!, 1000))).toEqual(Buffer.from(bytes));
      }),
      { numRuns: 500 },
    );
  });

  test('is the only one: whatever is changed decodes to another record, or to none', () => {
    fc.assert(
      fc.property(objectRecords, fc.nat(), fc.integer({ min: 1, max: 255 }), (any, at, turn) => {
        const bytes = encodeObjectFields(any, 1000);
        bytes[at % bytes.length]! ^= turn;
        const decoded = decodeObjectFields(bytes);
        if (decoded === undefined) return;
        expect(decoded).not.toEqual(any);
        expect(Buffer.from(encodeObjectFields(decoded, 1000))).toEqual(Buffer.from(bytes));
      }),
      { numRuns: 2000 },
    );
  });

  test('does not decode when it was cut, or goes on', () => {
    const bytes = encodeObjectFields(record, 1000);
    for (let length = 0; length < bytes.length; length++) {
      expect(decodeObjectFields(bytes.subarray(0, length))).toBeUndefined();
    }
    expect(decodeObjectFields(Buffer.concat([bytes, Buffer.alloc(1)]))).toBeUndefined();
  });

  test('decodes nothing from random bytes that it would not encode so', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (tail) => {
        const bytes = Buffer.concat([encodeObjectFields(record, 1000).subarray(0, 94), tail]);
        const decoded = decodeObjectFields(bytes);
        if (decoded !== undefined) expect(Buffer.from(encodeObjectFields(decoded, 1000))).toEqual(bytes);
      }),
      { numRuns: 2000 },
    );
  });

  test('stands as docs/object-records.md says', () => {
    const etag = `${'ab'.repeat(16)}-300`;
    const bytes = Buffer.from(encodeObjectFields({ ...record, etag, partCount: 300 }, 1000));
    const expected = Buffer.concat([
      Buffer.from([1, 1, 2, 0, 12, 16, 16, 0, 0, 0, 0, 4]),
      Buffer.from('0500000000010000', 'hex'),
      Buffer.from('f9ffffffff000000', 'hex'),
      Buffer.from('2c01', 'hex'),
      Buffer.alloc(16, 1),
      Buffer.alloc(32, 2),
      Buffer.alloc(16, 3),
      Buffer.from([2]),
      Buffer.alloc(16, 0xab),
      Buffer.from('2c01', 'hex'),
      Buffer.from([1, 5]),
      Buffer.alloc(32, 4),
    ]);
    expect(bytes.toString('hex')).toBe(expected.toString('hex'));
  });

  test.each<[string, Partial<ObjectRecord>]>([
    ['a negative length', { contentLength: -1 }],
    ['a length with a fraction', { sizeBytes: 0.5 }],
    ['a length that is not exact', { sizeBytes: 2 ** 53 }],
    ['too many parts', { partCount: 10_001 }],
    ['an empty ETag', { etag: '' }],
    ['an ETag with its quotes', { etag: '"abc"' }],
    ['an ETag of 81 characters', { etag: 'a'.repeat(81) }],
    ['an ETag that breaks the line', { etag: 'a\nb' }],
    ['a checksum that has no name', { checksums: { CRC16: 'AAA=' } }],
    ['a checksum of another length', { checksums: { CRC32: 'AAA=' } }],
    ['a checksum that is no base64', { checksums: { CRC32: 'AAAAAB==' } }],
  ])('refuses %s', (_, told) => {
    expect(() => encodeObjectFields({ ...record, ...told }, 1000)).toThrow(RangeError);
  });
});

describe('sealed records', () => {
  test('are what the format says, byte for byte', () => {
    const sealed = sealObjectRecord(recordKey, subject, record);
    const salt = sealed.subarray(0, 16);
    const key = createHmac('sha256', Buffer.alloc(32, 0x11)).update('sealpart/2 record').update(salt).update('\x01');
    const name = createHash('sha256')
      .update('sealpart/2 object')
      .update(u16(6))
      .update(`photos${subject.key}`)
      .digest();
    const cipher = createCipheriv('aes-256-gcm', key.digest(), Buffer.alloc(12));
    cipher.setAAD(Buffer.concat([Buffer.from('sealpart/2 record'), name, u16(32), Buffer.from(subject.etag)]));
    const message = Buffer.concat([cipher.update(encodeObjectFields(record, 1000)), cipher.final()]);
    expect(Buffer.from(sealed.subarray(16)).toString('hex')).toBe(
      Buffer.concat([message, cipher.getAuthTag()]).toString('hex'),
    );
  });

  test('have a key of their own under that of a stream header', () => {
    const [dek, salt] = [Buffer.alloc(32, 5), Buffer.alloc(32, 6)];
    const prk = createHmac('sha256', salt).update(dek).digest();
    const expected = createHmac('sha256', prk).update('sealpart/2 records\x01').digest('hex');
    const keys = new StreamKeys(secretKey(Uint8Array.from(dek)), salt);
    expect(keys.recordKey().export().toString('hex')).toBe(expected);
    expect(keys.manifestKey().equals(keys.recordKey())).toBe(false);
  });

  test('open as they were sealed, also with the ETag of length 0', () => {
    fc.assert(
      fc.property(objectRecords, fc.constantFrom('', 'etag', 'é'.repeat(200)), (any, etag) => {
        const about = { ...subject, etag };
        const sealed = sealObjectRecord(recordKey, about, any);
        expect(openObjectRecord(recordKey, about, sealed)).toEqual(any);
        expect(sealObjectRecord(recordKey, about, any)).not.toEqual(sealed);
      }),
    );
  });

  test('open for nothing else than what they were sealed for', () => {
    const sealed = sealObjectRecord(recordKey, subject, record);
    expect(openObjectRecord(recordKey, subject, sealed)).toEqual(record);
    for (const other of [
      { ...subject, etag: '' },
      { ...subject, etag: `${subject.etag}-1` },
      { ...subject, key: 'café/☃.raw ' },
      { ...subject, logicalBucket: 'photo', key: `s${subject.key}` },
      { ...subject, logicalBucket: 'photos2' },
    ]) {
      expect(openObjectRecord(recordKey, other, sealed)).toBeUndefined();
    }
    expect(openObjectRecord(keyOf(0x12), subject, sealed)).toBeUndefined();
  });

  test('do not open when any bit was turned, when cut, or when something follows', () => {
    const sealed = sealObjectRecord(recordKey, subject, record);
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const turned = new Uint8Array(sealed);
      turned[bit >> 3]! ^= 1 << (bit & 7);
      expect(openObjectRecord(recordKey, subject, turned)).toBeUndefined();
    }
    for (let length = 0; length < sealed.length; length++) {
      expect(openObjectRecord(recordKey, subject, sealed.subarray(0, length))).toBeUndefined();
    }
    expect(openObjectRecord(recordKey, subject, Buffer.concat([sealed, Buffer.alloc(1)]))).toBeUndefined();
    expect(openObjectRecord(recordKey, subject, randomBytes(2 ** 20))).toBeUndefined();
  });

  test('are small: 177 bytes with an MD5 and a SHA-256, under 400 characters whatever they hold', () => {
    const usual = { ...record, checksums: {} };
    expect(sealObjectRecord(recordKey, subject, usual)).toHaveLength(144);
    expect(sealObjectRecord(recordKey, subject, record)).toHaveLength(177);
    const sha512 = { SHA512: Buffer.alloc(64, 4).toString('base64') };
    const long = sealObjectRecord(recordKey, subject, { ...record, etag: 'x'.repeat(80), checksums: sha512 });
    expect(Buffer.from(long).toString('base64url').length).toBeLessThan(400);
    expect(Buffer.alloc(mostRecordBytes).toString('base64url').length).toBeLessThan(400);
    const both = { ...record, etag: 'x'.repeat(80), checksums: { ...sha512, ...record.checksums } };
    expect(() => sealObjectRecord(recordKey, subject, both)).toThrow(RangeError);
  });
});

test('the ETags of the arbitraries are of every form', () => {
  const all = fc.sample(etags, 200);
  for (const form of [/^[0-9a-f]{32}$/, /^[0-9a-f]{32}-[1-9]\d*$/, /[^0-9a-f-]/]) {
    expect(all.some((etag) => form.test(etag))).toBe(true);
  }
});
