import { expect, test } from 'vitest';
import type { NewUpload, PartItem, UploadClaim } from '../../src/manifest/upload-manifest.ts';
import { fc } from '../support/properties.ts';
import {
  collect,
  enter,
  type ManifestGround,
  newClaim,
  newId,
  newPart,
  newUpload,
  plain,
  quiet,
} from './upload-manifest-ground.ts';

const text = (maxLength: number): fc.Arbitrary<string> => fc.string({ unit: 'binary', maxLength });
const bytes = (minLength: number, maxLength: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength, maxLength });
const time = fc.integer({ min: 0, max: 2 ** 43 });
const u32 = fc.integer({ min: 0, max: 0xffffffff });

const uploads: fc.Arbitrary<Omit<NewUpload, 'id' | 'storeName'>> = fc
  .record({
    bucket: text(63),
    key: text(300),
    streamHeader: bytes(0, 2000),
    sourceFingerprint: text(100),
    sourcePath: text(300),
    createdMs: time,
    resumeItem: fc.option(bytes(0, 68), { nil: undefined }),
  })
  .map(({ resumeItem, ...others }) => (resumeItem === undefined ? others : { ...others, resumeItem }));

const claims: fc.Arbitrary<UploadClaim> = fc.record({ owner: text(80), leaseUntilMs: time });

const parts: fc.Arbitrary<PartItem> = fc.record({
  partNumber: fc.integer({ min: 1, max: 10_000 }),
  epoch: fc.integer({ min: 1, max: 2 ** 31 }),
  attempt: bytes(8, 8),
  segments: fc.array(
    fc.record({ segmentIndex: u32, contentLength: u32, totalLength: u32, salt: bytes(16, 16), digest: bytes(32, 32) }),
    { maxLength: 5 },
  ),
  etag: text(100),
  checksum: text(100),
  clientEtag: bytes(0, 60),
  clientChecksums: bytes(0, 200),
  mac: bytes(32, 32),
});

export function describeRoundTrip(ground: () => ManifestGround): void {
  test('whatever is entered comes back exactly', async () => {
    const { manifest, other, storeName } = ground();
    const created = fc.record({ uploadId: text(100), mac: bytes(32, 32) });
    await fc.assert(
      fc.asyncProperty(
        uploads,
        claims,
        created,
        fc.uniqueArray(parts, { selector: (part) => part.partNumber, maxLength: 5 }),
        async (told, claim, inStore, entered) => {
          const upload = { ...told, id: newId(), storeName };
          await manifest.create(upload, claim, 3, quiet);
          await manifest.change(upload.id, 1, { created: inStore, state: 'open' }, 4, quiet);
          for (const part of entered) await manifest.putPart(upload.id, part, quiet);
          const expected = { ...upload, ...claim, ...inStore, state: 'open', epoch: 1, updatedMs: 4 };
          expect(plain(await other.find(upload.id, quiet))).toEqual(plain(expected));
          const ordered = entered.toSorted((a, b) => a.partNumber - b.partNumber);
          expect(plain(await collect(other.parts(upload.id, quiet)))).toEqual(plain(ordered));
          const { bucket, key } = upload;
          const listed = await collect(other.list({ storeName, bucket, key }, quiet));
          expect(listed.map(({ id }) => id)).toContain(upload.id);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('bytes are taken as they are when the call is made, and given as a copy', async () => {
    const { manifest } = ground();
    const shared = new Uint8Array(new SharedArrayBuffer(64)).fill(1);
    const upload = newUpload({ streamHeader: shared });
    const entering = manifest.create(upload, newClaim(), 5, quiet);
    shared.fill(2);
    const entered = await entering;
    expect(plain(entered.streamHeader)).toEqual(new Uint8Array(64).fill(1));
    entered.streamHeader.fill(3);
    expect(plain((await manifest.find(upload.id, quiet))?.streamHeader)).toEqual(new Uint8Array(64).fill(1));

    const { id } = await enter(manifest);
    const part = newPart(1, { mac: new Uint8Array(32).fill(1) });
    const putting = manifest.putPart(id, part, quiet);
    part.mac.fill(2);
    part.segments[0]!.salt.fill(2);
    await putting;
    const [found] = await collect(manifest.parts(id, quiet));
    expect(plain(found?.mac)).toEqual(new Uint8Array(32).fill(1));
    expect(plain(found?.segments[0]?.salt)).not.toEqual(new Uint8Array(16).fill(2));
    found?.mac.fill(3);
    const [again] = await collect(manifest.parts(id, quiet));
    expect(plain(again?.mac)).toEqual(new Uint8Array(32).fill(1));
  });
}
