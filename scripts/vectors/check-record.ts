import { createSecretKey } from 'node:crypto';
import { equalSecret } from '../../src/crypto/equal-secret.ts';
import { coreHashOf, StreamKeys } from '../../src/crypto/key-schedule.ts';
import { partMac, uploadMac } from '../../src/crypto/manifest-records.ts';
import { openPartSecret, sealPartSecret } from '../../src/crypto/part-secret.ts';
import { openResumeItem, sealResumeItem } from '../../src/crypto/resume-item.ts';
import { toHex } from '../../src/format/bytes.ts';
import { parseStreamHeader } from '../../src/format/stream-header.ts';
import { expect } from './check-accept.ts';
import { hexBytes } from './vector.ts';

/** One case of records.json. */
export interface RecordVector {
  readonly dek: string;
  readonly stream_header: string;
  readonly manifest_key: string;
  readonly part: {
    readonly part_number: number;
    readonly attempt: string;
    readonly segments: readonly {
      segment_index: number;
      content_len: number;
      total_len: number;
      segment_salt: string;
      digest: string;
    }[];
    readonly etag: string;
    readonly checksum: string;
    readonly client_etag: string;
    readonly client_checksums: string;
    readonly client_etag_stored: string;
    readonly client_checksums_stored: string;
    readonly mac: string;
  };
  readonly head: {
    readonly upload_id: string;
    readonly bucket: string;
    readonly key: string;
    readonly source_fingerprint: string;
    readonly mac: string;
  };
  readonly resume: { readonly host_key: string; readonly kid: string; readonly nonce: string; readonly item: string };
}

/** @throws Error that says which record differs */
export function checkRecord(record: RecordVector): void {
  const header = parseStreamHeader(hexBytes(record.stream_header));
  const dataKey = createSecretKey(hexBytes(record.dek));
  const keys = new StreamKeys(dataKey, header.core.salt);
  const manifestKey = keys.manifestKey();
  const coreHash = coreHashOf(header.bytes);
  expect(keys.matches(header.core.keyCommit), 'the data key that the header commits to');
  expect(toHex(manifestKey.export()) === record.manifest_key, 'the manifest key');
  checkPart(record, manifestKey, coreHash);
  const { upload_id, bucket, key, source_fingerprint, mac } = record.head;
  const upload = {
    streamHeader: header.bytes,
    uploadId: upload_id,
    bucket,
    key,
    sourceFingerprint: source_fingerprint,
  };
  expect(toHex(uploadMac(manifestKey, coreHash, upload)) === mac, "the head's MAC");

  const { host_key, kid, nonce, item } = record.resume;
  const hostKey = createSecretKey(hexBytes(host_key));
  const context = { streamId: header.core.streamId, coreHash };
  const sealed = sealResumeItem(hostKey, hexBytes(kid), hexBytes(nonce), dataKey, context);
  expect(toHex(sealed) === item, 'the resume item');
  const opened = openResumeItem(hostKey, hexBytes(item), context);
  expect(opened !== undefined && equalSecret(opened.export(), dataKey.export()), 'the data key in the resume item');
}

function checkPart(
  { part }: RecordVector,
  manifestKey: ReturnType<StreamKeys['manifestKey']>,
  coreHash: Uint8Array,
): void {
  const place = { partNumber: part.part_number, attempt: hexBytes(part.attempt) };
  for (const [which, value, stored] of [
    ['clientEtag', part.client_etag, part.client_etag_stored],
    ['clientChecksums', part.client_checksums, part.client_checksums_stored],
  ] as const) {
    expect(toHex(sealPartSecret(manifestKey, which, place, value)) === stored, `the stored ${which}`);
    expect(openPartSecret(manifestKey, which, place, hexBytes(stored)) === value, `the ${which}`);
  }
  const mac = partMac(manifestKey, coreHash, {
    ...place,
    segments: part.segments.map((s) => ({
      segmentIndex: s.segment_index,
      contentLength: s.content_len,
      totalLength: s.total_len,
      salt: hexBytes(s.segment_salt),
      digest: hexBytes(s.digest),
    })),
    etag: part.etag,
    checksum: part.checksum,
    clientEtag: hexBytes(part.client_etag_stored),
    clientChecksums: hexBytes(part.client_checksums_stored),
  });
  expect(toHex(mac) === part.mac, "the part's MAC");
}
