import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { secretKey } from '../../src/crypto/hkdf.ts';
import { coreHashOf, StreamKeys } from '../../src/crypto/key-schedule.ts';
import {
  type PartRecord,
  partMac,
  partMacMatches,
  type UploadRecord,
  uploadMac,
  uploadMacMatches,
} from '../../src/crypto/manifest-records.ts';
import { openPartSecret, sealPartSecret } from '../../src/crypto/part-secret.ts';
import { openResumeItem, resumeItemKid, sealResumeItem } from '../../src/crypto/resume-item.ts';
import { parseStreamHeader } from '../../src/format/stream-header.ts';

interface RecordVector {
  readonly dek: string;
  readonly stream_header: string;
  readonly manifest_key: string;
  readonly part: {
    readonly part_number: number;
    readonly attempt: string;
    readonly segments: readonly {
      readonly segment_index: number;
      readonly content_len: number;
      readonly total_len: number;
      readonly segment_salt: string;
      readonly digest: string;
    }[];
  } & Readonly<
    Record<
      | 'etag'
      | 'checksum'
      | 'client_etag'
      | 'client_checksums'
      | 'client_etag_stored'
      | 'client_checksums_stored'
      | 'mac',
      string
    >
  >;
  readonly head: Readonly<Record<'upload_id' | 'bucket' | 'key' | 'source_fingerprint' | 'mac', string>>;
  readonly resume: Readonly<Record<'host_key' | 'kid' | 'nonce' | 'item', string>>;
}

const vectors = JSON.parse(
  readFileSync(new URL('../vectors/records.json', import.meta.url), 'utf8'),
) as readonly RecordVector[];
const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));
const hex = (value: Uint8Array): string => Buffer.from(value).toString('hex');

function load(vector: RecordVector) {
  const header = parseStreamHeader(bytes(vector.stream_header));
  const keys = new StreamKeys(secretKey(bytes(vector.dek)), header.core.salt);
  const part: PartRecord = {
    partNumber: vector.part.part_number,
    attempt: bytes(vector.part.attempt),
    segments: vector.part.segments.map((segment) => ({
      segmentIndex: segment.segment_index,
      contentLength: segment.content_len,
      totalLength: segment.total_len,
      salt: bytes(segment.segment_salt),
      digest: bytes(segment.digest),
    })),
    etag: vector.part.etag,
    checksum: vector.part.checksum,
    clientEtag: bytes(vector.part.client_etag_stored),
    clientChecksums: bytes(vector.part.client_checksums_stored),
  };
  const upload: UploadRecord = {
    streamHeader: header.bytes,
    uploadId: vector.head.upload_id,
    bucket: vector.head.bucket,
    key: vector.head.key,
    sourceFingerprint: vector.head.source_fingerprint,
  };
  const coreHash = coreHashOf(header.bytes);
  return { keys, manifestKey: keys.manifestKey(), coreHash, part, upload, streamId: header.core.streamId };
}

test('the vectors are four', () => expect(vectors.length).toBe(4));

describe.each(vectors.map((vector, i) => ({ i, vector, ...load(vector) })))('record $i', (given) => {
  const { vector, keys, manifestKey, coreHash, part, upload, streamId } = given;

  test('manifest key', () => {
    expect(hex(manifestKey.export())).toBe(vector.manifest_key);
  });

  test('part (§10.1, §10.3, §10.5, §10.6)', () => {
    const mac = bytes(vector.part.mac);
    expect(hex(partMac(manifestKey, coreHash, part))).toBe(vector.part.mac);
    expect(partMacMatches(manifestKey, coreHash, part, mac)).toBe(true);
    const [segment, ...rest] = part.segments;
    const changes: readonly Partial<PartRecord>[] = [
      { partNumber: part.partNumber + 1 },
      { attempt: new Uint8Array(8) },
      { segments: [] },
      { segments: [...part.segments, segment!] },
      { segments: [{ ...segment!, contentLength: 0 }, ...rest] },
      { segments: [{ ...segment!, totalLength: 0 }, ...rest] },
      { segments: [{ ...segment!, salt: new Uint8Array(16) }, ...rest] },
      { segments: [{ ...segment!, digest: new Uint8Array(32) }, ...rest] },
      { etag: `${part.etag}0` },
      { checksum: '' },
      { etag: part.etag + part.checksum[0], checksum: part.checksum.slice(1) },
      { clientEtag: Uint8Array.of(1) },
      { clientChecksums: Uint8Array.of(1) },
    ];
    for (const change of changes) {
      expect(partMacMatches(manifestKey, coreHash, { ...part, ...change }, mac)).toBe(false);
    }
    expect(partMacMatches(manifestKey, new Uint8Array(32), part, mac)).toBe(false);
    expect(partMacMatches(keys.dataKey, coreHash, part, mac)).toBe(false);
    expect(partMacMatches(manifestKey, coreHash, part, mac.subarray(0, 16))).toBe(false);
    expect(partMacMatches(manifestKey, coreHash, part, new Uint8Array(0))).toBe(false);
  });

  test('secrets of a part (§10.2)', () => {
    const cases = [
      ['clientEtag', vector.part.client_etag, vector.part.client_etag_stored],
      ['clientChecksums', vector.part.client_checksums, vector.part.client_checksums_stored],
    ] as const;
    for (const [which, value, stored] of cases) {
      expect(hex(sealPartSecret(manifestKey, which, part, value))).toBe(stored);
      expect(openPartSecret(manifestKey, which, part, bytes(stored))).toBe(value);
      if (value === '') continue;
      const other = which === 'clientEtag' ? 'clientChecksums' : 'clientEtag';
      expect(openPartSecret(manifestKey, other, part, bytes(stored))).toBeUndefined();
      const elsewhere = { ...part, partNumber: part.partNumber + 1 };
      expect(openPartSecret(manifestKey, which, elsewhere, bytes(stored))).toBeUndefined();
      const again = { ...part, attempt: new Uint8Array(8) };
      expect(openPartSecret(manifestKey, which, again, bytes(stored))).toBeUndefined();
      const flipped = bytes(stored);
      flipped[0]! ^= 1;
      expect(openPartSecret(manifestKey, which, part, flipped)).toBeUndefined();
      expect(openPartSecret(manifestKey, which, part, bytes(stored).subarray(0, 15))).toBeUndefined();
    }
  });

  test('upload (§10.4)', () => {
    const mac = bytes(vector.head.mac);
    expect(hex(uploadMac(manifestKey, coreHash, upload))).toBe(vector.head.mac);
    expect(uploadMacMatches(manifestKey, coreHash, upload, mac)).toBe(true);
    const changes: readonly Partial<UploadRecord>[] = [
      { streamHeader: upload.streamHeader.slice(1) },
      { uploadId: '' },
      { bucket: 'photo', key: `s${upload.key}` },
      { key: `${upload.key}x` },
      { sourceFingerprint: 'size=0' },
    ];
    for (const change of changes) {
      expect(uploadMacMatches(manifestKey, coreHash, { ...upload, ...change }, mac)).toBe(false);
    }
    // The two MACs have labels of their own: one record never stands for the other.
    expect(uploadMacMatches(manifestKey, coreHash, upload, bytes(vector.part.mac))).toBe(false);
  });

  test('resume item (§10.7, §10.9)', () => {
    const hostKey = secretKey(bytes(vector.resume.host_key));
    const context = { streamId, coreHash };
    const kid = bytes(vector.resume.kid);
    const item = sealResumeItem(hostKey, kid, bytes(vector.resume.nonce), keys.dataKey, context);
    expect(hex(item)).toBe(vector.resume.item);
    expect(resumeItemKid(item)).toEqual(kid);
    expect(openResumeItem(hostKey, item, context)?.equals(keys.dataKey)).toBe(true);
    for (let offset = 8; offset < item.length; offset++) {
      const flipped = item.slice();
      flipped[offset]! ^= 0x10;
      expect(openResumeItem(hostKey, flipped, context)).toBeUndefined();
    }
    expect(openResumeItem(keys.dataKey, item, context)).toBeUndefined();
    expect(openResumeItem(hostKey, item, { ...context, coreHash: new Uint8Array(32) })).toBeUndefined();
    expect(openResumeItem(hostKey, item, { ...context, streamId: new Uint8Array(16) })).toBeUndefined();
    for (const length of [0, 8, 67]) {
      expect(openResumeItem(hostKey, item.subarray(0, length), context)).toBeUndefined();
      expect(resumeItemKid(item.subarray(0, length))).toBeUndefined();
    }
    expect(hex(openResumeItem(hostKey, item, context)!.export())).toBe(vector.dek);
  });
});

test('a part of very many segments has a MAC (§10.1)', () => {
  const { manifestKey, coreHash, part } = load(vectors[0]!);
  const segments = Array.from({ length: 200_000 }, () => part.segments[0]!);
  const mac = partMac(manifestKey, coreHash, { ...part, segments });
  expect(partMacMatches(manifestKey, coreHash, { ...part, segments: segments.slice(1) }, mac)).toBe(false);
  expect(partMacMatches(manifestKey, coreHash, { ...part, segments }, mac)).toBe(true);
});

test('what a program gets wrong is a bug, not a record', () => {
  const { manifestKey, coreHash, part, upload, keys, streamId } = load(vectors[0]!);
  expect(() => partMac(manifestKey, coreHash, { ...part, attempt: new Uint8Array(7) })).toThrow('8 bytes');
  expect(() => partMac(manifestKey, coreHash, { ...part, etag: 'x'.repeat(65_536) })).toThrow('65,535');
  expect(() => uploadMac(manifestKey, coreHash, { ...upload, key: 'x'.repeat(65_536) })).toThrow('65,535');
  expect(() => sealPartSecret(manifestKey, 'clientEtag', { partNumber: 1, attempt: new Uint8Array(9) }, 'x')).toThrow();
  const context = { streamId, coreHash };
  expect(() => sealResumeItem(manifestKey, new Uint8Array(7), new Uint8Array(12), keys.dataKey, context)).toThrow();
  const segments = [{ ...part.segments[0]!, salt: new Uint8Array(15) }];
  expect(() => partMac(manifestKey, coreHash, { ...part, segments })).toThrow('16 bytes');
});
