import { describe, expect, it, onTestFinished } from 'vitest';
import { concatBytes } from '../../src/format/bytes.ts';
import { segmentFlags, totalLengthOf, writeSegmentHeader } from '../../src/format/segment-header.ts';
import { openDirectoryStore } from '../../src/objects/directory/open-directory-store.ts';
import { settleObject } from '../../src/pipelines/uploads/settle-object.ts';
import { randomLooking } from '../support/content.ts';
import { altered } from '../support/crash/altered.ts';
import { calm } from '../support/streams.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const object = { bucket: 'bucket', key: 'key' };
const header = randomLooking(512, 'header');
const salt = randomLooking(16, 'salt');

/** The last segment of an object: a header and anything behind it. */
function lastSegment(segmentIndex: number, itsSalt: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(totalLengthOf(100, 12));
  const lengths = { contentLength: 100, payloadLength: 100 };
  const facts = {
    segmentIndex,
    flags: segmentFlags.final,
    digestAlg: 2,
    compression: 0,
    ...lengths,
    salt: itsSalt,
  } as const;
  writeSegmentHeader(bytes, facts, 12, 0);
  return bytes;
}

const middle = randomLooking(3000, 'middle');
const whole = concatBytes(header, middle, lastSegment(3, salt));
const final = { segmentIndex: 3, offset: header.length + middle.length, salt };
const expected = { header, sizeBytes: whole.length, final };

async function storeWith(bytes: Uint8Array | undefined) {
  const store = await openDirectoryStore(await temporaryDirectory(), { create: true });
  onTestFinished(() => store.close());
  await store.createBucket(object.bucket, calm);
  if (bytes !== undefined) await store.put(object, bytes, {}, {}, calm);
  return store;
}

describe('the object that a lost answer speaks of', () => {
  it('is ours if header, length and the last segment’s salt are', async () => {
    const store = await storeWith(whole);
    const { etag } = await store.head(object, calm);
    expect(await settleObject(store, object, expected, calm)).toMatchObject({ etag, sizeBytes: whole.length });
  });

  it.each([
    ['nothing', undefined],
    ['an empty object', new Uint8Array(0)],
    ['something short', header.subarray(0, 100)],
    [
      'another header',
      concatBytes(
        header.map((byte) => byte ^ 1),
        middle,
        lastSegment(3, salt),
      ),
    ],
    ['something longer', concatBytes(whole, new Uint8Array(1))],
    ['another salt', concatBytes(header, middle, lastSegment(3, randomLooking(16, 'other')))],
    ['another segment', concatBytes(header, middle, lastSegment(2, salt))],
    ['no segment', concatBytes(header, middle, new Uint8Array(totalLengthOf(100, 12)))],
  ])('is not ours if there is %s', async (_name, bytes) => {
    expect(await settleObject(await storeWith(bytes), object, expected, calm)).toBeUndefined();
  });

  it('is not ours if it is replaced while we look', async () => {
    const store = await storeWith(whole);
    let looks = 0;
    const replaced = altered(store, {
      get: async (request, signal) => {
        if (looks++ === 1) await store.put(object, whole, {}, {}, calm);
        return store.get(request, signal);
      },
    });
    expect(await settleObject(replaced, object, expected, calm)).toBeUndefined();
    expect(looks).toBe(2);
  });
});
