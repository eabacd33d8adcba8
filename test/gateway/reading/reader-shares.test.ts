import { describe, expect, it } from 'vitest';
import { describedByReading, foreignObject } from '../../../src/gateway/reading/described-object.ts';
import { ReadCache } from '../../../src/gateway/reading/read-cache.ts';
import { ReaderShares } from '../../../src/gateway/reading/reader-shares.ts';
import { calm } from '../../support/streams.ts';

const mib = 2 ** 20;

describe('shares of readers', () => {
  const whole = 100 * mib;

  it('are a MiB of content as long as there is room, and less the more readers there are', () => {
    const shares = new ReaderShares({ plainBytes: 32 * mib, wireBytes: 128 * mib });
    const first = shares.enter(whole);
    const numbers = () => [first.share.plainBytes, first.share.wireBytes, first.share.batchBytes];
    expect(numbers()).toEqual([mib, 2 * mib, mib / 2]);
    const others = Array.from({ length: 127 }, () => shares.enter(whole));
    expect(numbers()).toEqual([mib / 4, mib, mib / 8]);
    for (const { leave } of [...others, ...others]) leave();
    expect([shares.readers, ...numbers()]).toEqual([1, mib, 2 * mib, mib / 2]);
    expect(first.share.largestPlainBytes).toBe(32 * mib);
  });

  it('and less the more of it is held, with a frame for each who comes', async () => {
    const shares = new ReaderShares({ plainBytes: 32 * mib, wireBytes: 128 * mib });
    const { share } = shares.enter(whole);
    const gate = share.plainGate!;
    await gate.take(20 * mib, 1, calm);
    expect([share.plainBytes, share.batchBytes]).toEqual([mib / 16, mib / 16]);
    await gate.take(mib, 1, calm);
    const waiting = gate.take(mib / 16, 1, calm);
    expect(shares.waiting).toBe(1);
    // 28 MiB are for those who read whole objects, a quarter of it for those who begin.
    for (let each = 0; each < 7 * 16; each++) await gate.take(mib / 16, 0, calm);
    const late = gate.take(mib / 16, 0, calm);
    const gone = new AbortController();
    const leaving = gate.take(mib / 16, 0, gone.signal);
    expect(shares.waiting).toBe(3);
    gone.abort();
    await expect(leaving).rejects.toMatchObject({ code: 'aborted' });
    gate.give(mib / 16);
    await late;
    gate.give(8 * mib);
    await waiting;
    expect(shares.waiting).toBe(0);
  });

  it('of short ranges are two frames, and stand in nobody’s way', async () => {
    const shares = new ReaderShares({ plainBytes: 8 * mib, wireBytes: 32 * mib });
    const { share } = shares.enter(2 ** 18);
    expect([share.plainBytes, share.batchBytes, share.plainGate]).toEqual([2 ** 17, 2 ** 16, undefined]);
  });

  it('are refused where not even a frame is left for each, but never to the only reader', () => {
    const shares = new ReaderShares({ plainBytes: mib, wireBytes: mib });
    const readers = Array.from({ length: 16 }, () => shares.enter(whole));
    expect(readers.at(-1)!.share.batchBytes).toBe(2 ** 16);
    expect(() => shares.enter(whole)).toThrow(expect.objectContaining({ code: 'SlowDown' }));
    readers[0]!.leave();
    shares.enter(whole);
    expect(new ReaderShares({ plainBytes: 1000, wireBytes: 1000 }).enter(whole).share.batchBytes).toBe(2 ** 16);
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
