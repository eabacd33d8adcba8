import { describe, expect, it } from 'vitest';
import { describedByReading, foreignObject } from '../../../src/gateway/reading/described-object.ts';
import { ReadCache } from '../../../src/gateway/reading/read-cache.ts';
import { ReaderShares } from '../../../src/gateway/reading/reader-shares.ts';

const mib = 2 ** 20;

describe('shares of readers', () => {
  it('are a MiB of content as long as there is room, and less the more readers there are', () => {
    const shares = new ReaderShares({ plainBytes: 4 * mib, wireBytes: 16 * mib });
    const first = shares.enter();
    expect([first.share.plainBytes, first.share.wireBytes, first.batchBytes]).toEqual([mib, 2 * mib, mib / 2]);
    const others = Array.from({ length: 15 }, () => shares.enter());
    expect([first.share.plainBytes, first.share.wireBytes]).toEqual([mib / 4, mib]);
    expect(others.at(-1)!.batchBytes).toBe(mib / 8);
    for (const { leave } of [...others, ...others]) leave();
    expect([shares.readers, first.share.plainBytes]).toEqual([1, mib]);
    expect(first.share.largestPlainBytes).toBe(4 * mib);
  });

  it('are refused where not even a frame is left for each, but never to the only reader', () => {
    const shares = new ReaderShares({ plainBytes: mib, wireBytes: mib });
    const readers = Array.from({ length: 16 }, () => shares.enter());
    expect(readers.at(-1)!.batchBytes).toBe(2 ** 16);
    expect(() => shares.enter()).toThrow(expect.objectContaining({ code: 'SlowDown' }));
    readers[0]!.leave();
    shares.enter();
    expect(new ReaderShares({ plainBytes: 1000, wireBytes: 1000 }).enter().batchBytes).toBe(2 ** 16);
  });

  it('count what stands elsewhere', () => {
    const shares = new ReaderShares({ plainBytes: mib, wireBytes: mib });
    const letGo = shares.hold(2 * mib);
    expect(() => shares.hold(1)).toThrow(expect.objectContaining({ code: 'SlowDown' }));
    letGo();
    letGo();
    expect(shares.heapBytes).toBe(0);
    shares.hold(mib / 2);
    shares.hold(mib / 2);
    expect(() => shares.hold(1)).toThrow(expect.objectContaining({ code: 'SlowDown' }));
  });
});

describe('what is remembered of objects', () => {
  const state = (etag: string, sizeBytes = 1000) => ({ etag, sizeBytes, described: foreignObject(etag, sizeBytes) });
  const name = (key: string, versionId?: string) => ({ bucket: 'b', key, versionId });

  it('is of one state, and dies with another ETag or size', () => {
    const cache = new ReadCache(mib);
    cache.remember(name('k'), state('1'));
    expect(cache.of(name('k'), { etag: '1', sizeBytes: 1000 })).toBeDefined();
    expect(cache.of(name('k'), { etag: '1', sizeBytes: 1001 })).toBeUndefined();
    expect(cache.of(name('k'), { etag: '2', sizeBytes: 1000 })).toBeUndefined();
    expect(cache.of(name('k', 'v'), { etag: '1', sizeBytes: 1000 })).toBeUndefined();
    cache.keepSegmentHeader(name('k'), { etag: '1', sizeBytes: 1000 }, 7, new Uint8Array(64));
    cache.remember(name('k'), { ...state('1'), described: describedByReading('x', 9, true) });
    expect(cache.latest(name('k'))!.segmentHeaders.size).toBe(1);
    cache.remember(name('k'), state('2'));
    expect(cache.latest(name('k'))).toMatchObject({ etag: '2' });
    expect(cache.latest(name('k'))!.segmentHeaders.size).toBe(0);
    cache.keepSegmentHeader(name('k'), { etag: '1', sizeBytes: 1000 }, 7, new Uint8Array(64));
    expect(cache.latest(name('k'))!.segmentHeaders.size).toBe(0);
    cache.forget(name('k'));
    cache.forget(name('k'));
    expect([cache.size, cache.usedBytes]).toEqual([0, 0]);
  });

  it('is bounded in bytes, and what was not used the longest goes first', () => {
    const cache = new ReadCache(100_000);
    for (let each = 0; each < 1000; each++) {
      cache.remember(name(`k${each}`), state(String(each)));
      expect(cache.latest(name('k0'))).toBeDefined();
      for (let at = 0; at < each % 7; at++) {
        cache.keepSegmentHeader(name(`k${each}`), state(String(each)), at, new Uint8Array(64));
      }
      expect(cache.usedBytes).toBeLessThanOrEqual(100_000);
    }
    expect(cache.latest(name('k500'))).toBeUndefined();
    expect(cache.latest(name('k999'))).toBeDefined();
    expect(cache.size).toBeGreaterThan(30);
  });
});
