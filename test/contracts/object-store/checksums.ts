import { crc32 } from 'node:zlib';
import { expect, test } from 'vitest';
import type { CheckedBytes } from '../../../src/objects/object-store.ts';
import { beginUpload, collect, joined, patternBytes, putBytes, quiet, readObject } from './bytes.ts';
import { expectBytes, expectCode, expectWord, type StoreGround } from './ground.ts';

function checked(...pieces: readonly Uint8Array[]): CheckedBytes {
  return { pieces, crc32: pieces.reduce((crc, piece) => crc32(piece, crc), 0) };
}

/** The same pieces with a CRC-32 that is wrong in one bit. */
function mistaken(...pieces: readonly Uint8Array[]): CheckedBytes {
  return { pieces, crc32: (checked(...pieces).crc32 ^ 0x100) >>> 0 };
}

/** Bodies that come with a CRC-32. */
export function describeChecksums(ground: () => StoreGround): void {
  test.each([
    ['one piece', [patternBytes(1000, 1)]],
    ['several pieces, an empty one among them', [patternBytes(10, 1), new Uint8Array(0), patternBytes(70_001, 2)]],
    ['no bytes', []],
  ])('a body with its CRC-32 is stored: %s', async (_, pieces) => {
    const { store, bucket } = ground();
    await store.put({ bucket, key: 'put' }, checked(...pieces), {}, {}, quiet);
    expectBytes(await readObject(store, { bucket, key: 'put' }), joined(...pieces));
    const upload = await beginUpload(store, { bucket, key: 'completed' });
    const { etag } = await store.uploadPart(upload, 1, checked(...pieces), quiet);
    await store.completeMultipart(upload, [{ partNumber: 1, etag }], {}, quiet);
    expectBytes(await readObject(store, { bucket, key: 'completed' }), joined(...pieces));
  });

  test('a CRC-32 with its highest bit set', async () => {
    const { store, bucket } = ground();
    const seeds = Array.from({ length: 64 }, (_, seed) => seed);
    const bytes = seeds.map((seed) => patternBytes(100, seed)).find((candidate) => crc32(candidate) >= 2 ** 31)!;
    await store.put({ bucket, key: 'k' }, checked(bytes), {}, {}, quiet);
    expectBytes(await readObject(store, { bucket, key: 'k' }), bytes);
  });

  test('an object that is not what its CRC-32 says is BadDigest, and not stored', async ({ skip }) => {
    const { store, bucket } = ground();
    skip(!store.limits.checksums, 'the store compares none');
    for (const pieces of [[patternBytes(1000, 1)], [patternBytes(10, 1), patternBytes(70_001, 2)], []]) {
      const refused = store.put({ bucket, key: 'k' }, mistaken(...pieces), {}, {}, quiet);
      await expectWord(refused, 'store', 'BadDigest');
      await expectCode(store.head({ bucket, key: 'k' }, quiet), 'not-found');
    }
    await putBytes(store, { bucket, key: 'k' }, patternBytes(5, 5));
    await expectWord(
      store.put({ bucket, key: 'k' }, mistaken(patternBytes(9, 9)), {}, {}, quiet),
      'store',
      'BadDigest',
    );
    expectBytes(await readObject(store, { bucket, key: 'k' }), patternBytes(5, 5));
  });

  test('a part that is not what its CRC-32 says is BadDigest, and not stored', async ({ skip }) => {
    const { store, bucket } = ground();
    skip(!store.limits.checksums, 'the store compares none');
    const upload = await beginUpload(store, { bucket, key: 'k' });
    const refused = () => store.uploadPart(upload, 1, mistaken(patternBytes(50_000, 1)), quiet);
    await expectWord(refused(), 'store', 'BadDigest');
    expect(await collect(store.listParts(upload, quiet))).toEqual([]);
    const { etag } = await store.uploadPart(upload, 1, checked(patternBytes(7, 7)), quiet);
    await expectWord(refused(), 'store', 'BadDigest');
    expect(await collect(store.listParts(upload, quiet))).toEqual([{ partNumber: 1, etag, sizeBytes: 7 }]);
    await store.completeMultipart(upload, [{ partNumber: 1, etag }], {}, quiet);
    expectBytes(await readObject(store, { bucket, key: 'k' }), patternBytes(7, 7));
  });
}
