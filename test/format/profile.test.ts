import { describe, expect, it } from 'vitest';
import { SealpartError } from '../../src/errors.ts';
import {
  chooseProfile,
  type FramePreset,
  framePresets,
  frameSizeLog2For,
  judgeSegmentCount,
  type ProfileRequest,
  sizeText,
} from '../../src/format/profile.ts';
import { segmentCount } from '../../src/format/schedule.ts';
import { judgeParameters } from '../../src/format/stream-parameters.ts';
import { fc } from '../support/properties.ts';
import { parametersOf } from '../support/streams.ts';

const kib = 2 ** 10;
const mib = 2 ** 20;
const gib = 2 ** 30;

function request(chosen: Partial<ProfileRequest>): ProfileRequest {
  return { forStore: false, headerLen: 1024, ...chosen };
}

function refusalOf(chosen: Partial<ProfileRequest>): string {
  try {
    chooseProfile(request(chosen));
  } catch (error) {
    if (error instanceof SealpartError && error.code === 'bad-parameters') return error.message;
    throw error;
  }
  throw new Error('it was not refused');
}

describe('sizes of a stream', () => {
  it.each([
    [16 * kib, 4 * kib],
    [32 * kib, 8 * kib],
    [64 * kib, 16 * kib],
    [128 * kib, 16 * kib],
    [256 * kib, 16 * kib],
    [mib, 32 * kib],
    [2 * mib, 64 * kib],
    [4 * mib, 64 * kib],
    [8 * mib, 64 * kib],
    [gib, 64 * kib],
  ])('a segment of %i bytes has frames of %i', (segmentSizeBytes, frameSize) => {
    const profile = chooseProfile(request({ segmentSizeBytes, contentLength: 10 }));
    expect(profile).toEqual({
      segmentSizeLog2: Math.log2(segmentSizeBytes),
      segmentSizeMaxLog2: Math.log2(segmentSizeBytes),
      growEvery: 0,
      frameSizeLog2: Math.log2(frameSize),
    });
  });

  it('a preset that there is none of is refused, whatever it is called', () => {
    for (const preset of ['bogus', 'toString', '__proto__', 7] as unknown[]) {
      expect(refusalOf({ preset: preset as FramePreset, contentLength: 10 })).toContain(
        'take one of high-parallelism, ',
      );
    }
  });

  it('frames of a segment of 512 KiB are those of 1 MiB', () => {
    expect(frameSizeLog2For(19)).toBe(15);
  });

  it.each([
    ['high-parallelism', 4 * kib],
    ['balanced', 16 * kib],
    ['network', 32 * kib],
    ['low-overhead', 64 * kib],
  ] as const)('the preset %s has frames of %i bytes', (preset, bytes) => {
    expect(framePresets[preset]).toBe(bytes);
    for (const contentLength of [undefined, 5]) {
      expect(chooseProfile(request({ preset, contentLength })).frameSizeLog2).toBe(Math.log2(bytes));
    }
    expect(chooseProfile(request({ preset, frameSizeBytes: 8 * kib })).frameSizeLog2).toBe(13);
  });

  it('of a known length are the smallest that need at most 10,000 segments (§2.7)', () => {
    expect(chooseProfile(request({ contentLength: 0 }))).toEqual({
      frameSizeLog2: 16,
      segmentSizeLog2: 23,
      segmentSizeMaxLog2: 23,
      growEvery: 0,
    });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10_000 * gib - 1024 }), (contentLength) => {
        const profile = chooseProfile(request({ contentLength }));
        const withSize = (segmentSizeLog2: number) =>
          segmentCount(parametersOf({ segmentSizeLog2, headerLen: 1024, frameSizeLog2: 16 }), contentLength);
        expect(withSize(profile.segmentSizeLog2)).toBeLessThanOrEqual(10_000);
        if (profile.segmentSizeLog2 > 23) expect(withSize(profile.segmentSizeLog2 - 1)).toBeGreaterThan(10_000);
      }),
    );
  });

  it('of a known length end at 10,000 segments of 1 GiB', () => {
    expect(chooseProfile(request({ contentLength: 10_000 * gib - 1024 })).segmentSizeLog2).toBe(30);
    expect(refusalOf({ contentLength: 10_000 * gib })).toContain(`the most is ${10_000 * gib - 1024}`);
    expect(refusalOf({ contentLength: 3 * gib, maxSegments: 2 })).toContain('2 segments of 1 GiB');
  });

  it('of an unknown length grow from 8 MiB every 1,000 segments (§2.8)', () => {
    const standard = { frameSizeLog2: 16, segmentSizeLog2: 23, segmentSizeMaxLog2: 30, growEvery: 1000 };
    expect(chooseProfile(request({}))).toEqual(standard);
    expect(chooseProfile(request({ maxSegmentSizeBytes: 64 * mib }))).toEqual({ ...standard, segmentSizeMaxLog2: 26 });
    const fixed = { ...standard, segmentSizeMaxLog2: 23, growEvery: 0 };
    expect(chooseProfile(request({ maxSegmentSizeBytes: 8 * mib }))).toEqual(fixed);
    expect(chooseProfile(request({ growEvery: 0 }))).toEqual(fixed);
  });

  it('do not grow where all parts have one size (§2.6)', () => {
    const equal = { forStore: true, equalParts: true };
    expect(chooseProfile(request(equal))).toMatchObject({ growEvery: 0, segmentSizeMaxLog2: 23 });
    expect(refusalOf({ ...equal, growEvery: 10 })).toContain('one size');
  });

  it('grow as asked', () => {
    const profile = chooseProfile(request({ segmentSizeBytes: 16 * kib, growEvery: 2, maxSegmentSizeBytes: mib }));
    expect(profile).toMatchObject({ segmentSizeLog2: 14, segmentSizeMaxLog2: 20, growEvery: 2 });
    for (const growEvery of [-1, 0.5, 65_536, Number.NaN]) {
      expect(refusalOf({ growEvery }), String(growEvery)).toContain('every 1 to 65535');
    }
  });

  it.each([
    [100_000, '64KiB or 128KiB'],
    [8 * kib, 'Take 16KiB'],
    [0, 'Take 16KiB'],
    [-5, 'Take 16KiB'],
    [Number.NaN, 'Take 16KiB'],
    [2 * gib, 'Take 1GiB'],
    [16 * kib + 1, '16KiB or 32KiB'],
  ])('a segment of %d bytes is refused with the nearest that works', (segmentSizeBytes, nearest) => {
    expect(refusalOf({ segmentSizeBytes })).toContain(nearest);
  });

  it.each([
    [5000, '4KiB or 8KiB'],
    [1, 'Take 4KiB'],
    [2 * mib, 'Take 1MiB'],
  ])('a frame of %d bytes is refused with the nearest that works', (frameSizeBytes, nearest) => {
    expect(refusalOf({ frameSizeBytes })).toContain(nearest);
  });

  it('refuse frames that are larger than their segment', () => {
    expect(refusalOf({ segmentSizeBytes: 16 * kib, frameSizeBytes: 32 * kib })).toContain('16KiB');
  });

  it('refuse segments that no store takes (§2.5)', () => {
    expect(refusalOf({ forStore: true, segmentSizeBytes: 4 * mib })).toContain('Take 8MiB');
    expect(chooseProfile(request({ forStore: true, segmentSizeBytes: 8 * mib })).segmentSizeLog2).toBe(23);
  });

  it('refuse, for a store, frames that are not larger than the header, and name some that are (§2.6)', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 64 }), fc.integer({ min: 12, max: 20 }), (half, frameSizeLog2) => {
        const chosen = { forStore: true, headerLen: half * 512, frameSizeBytes: 2 ** frameSizeLog2 };
        if (2 ** frameSizeLog2 > chosen.headerLen) {
          expect(chooseProfile(request(chosen)).frameSizeLog2).toBe(frameSizeLog2);
          return;
        }
        const nearest = /take frames of (\d+)KiB/.exec(refusalOf(chosen))?.[1];
        const taken = { ...chosen, frameSizeBytes: Number(nearest) * kib };
        expect(2 ** chooseProfile(request(taken)).frameSizeLog2).toBe(taken.frameSizeBytes);
      }),
    );
  });

  it('are always sizes that the format allows', () => {
    const requests = fc.record({
      contentLength: fc.option(fc.integer({ min: 0, max: 2 ** 42 }), { nil: undefined }),
      segmentSizeBytes: fc.option(
        fc.integer({ min: 14, max: 30 }).map((log2) => 2 ** log2),
        { nil: undefined },
      ),
      frameSizeBytes: fc.option(
        fc.integer({ min: 12, max: 20 }).map((log2) => 2 ** log2),
        { nil: undefined },
      ),
      preset: fc.option(fc.constantFrom(...(Object.keys(framePresets) as (keyof typeof framePresets)[])), {
        nil: undefined,
      }),
      growEvery: fc.option(fc.nat(0xffff), { nil: undefined }),
      maxSegmentSizeBytes: fc.option(
        fc.integer({ min: 14, max: 30 }).map((log2) => 2 ** log2),
        { nil: undefined },
      ),
      forStore: fc.boolean(),
    });
    fc.assert(
      fc.property(requests, (chosen) => {
        let profile: ReturnType<typeof chooseProfile>;
        try {
          profile = chooseProfile({ ...chosen, headerLen: 1024 });
        } catch (error) {
          expect(error).toMatchObject({ code: 'bad-parameters' });
          return;
        }
        judgeParameters({ ...parametersOf(), headerLen: 1024, ...profile });
      }),
      { numRuns: 1000 },
    );
  });

  it('are judged by the number of segments that the content needs', () => {
    const parameters = parametersOf({ segmentSizeLog2: 14 });
    judgeSegmentCount(parameters, 3 * 16 * kib - 512, 3);
    expect(() => judgeSegmentCount(parameters, 3 * 16 * kib - 511, 3)).toThrow('4 segments of 16KiB');
  });

  it.each([
    [0, '0 bytes'],
    [1023, '1023 bytes'],
    [1024, '1KiB'],
    [1536, '1.5KiB'],
    [5 * mib, '5MiB'],
    [gib + 1, `${gib + 1} bytes`],
    [3 * gib, '3GiB'],
  ])('%d bytes are written %s', (bytes, text) => {
    expect(sizeText(bytes)).toBe(text);
  });
});
