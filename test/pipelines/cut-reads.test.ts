import { describe, expect, it } from 'vitest';
import { streamLength, wireOffset } from '../../src/format/schedule.ts';
import { cutReads } from '../../src/pipelines/cut-reads.ts';
import { KeptBytes } from '../../src/pipelines/kept-bytes.ts';
import { readSpans } from '../../src/pipelines/read-spans.ts';
import { scheduledVisits } from '../../src/pipelines/segment-visit.ts';
import type { ByteSpan } from '../../src/pipelines/wire-input.ts';
import { fc } from '../support/properties.ts';
import { parametersOf } from '../support/streams.ts';

const mib = 2 ** 20;

/** The requests for a whole stream of so much content, after the first MiB. */
function requestsOf(contentBytes: number, segmentSizeLog2: number): { requests: ByteSpan[]; size: number } {
  const p = parametersOf({ frameSizeLog2: 16, segmentSizeLog2, headerLen: 1024 });
  const size = streamLength(p, contentBytes);
  const kept = new KeptBytes();
  kept.add(0, new Uint8Array(mib));
  const spans = readSpans(scheduledVisits(p, size), p, p.headerLen, size);
  const missing = [...spans].flatMap((span) => [...kept.missing(span)]);
  return { requests: [...cutReads(missing)], size };
}

describe('requests for a whole object', () => {
  it.each([16, 18, 20, 21, 22, 23, 24, 25, 26, 28, 30])('of segments of 2^%i are of 4 to 16 MiB, and few', (log2) => {
    for (const contentBytes of [256 * mib, 1000 * mib + 12_345]) {
      const { requests, size } = requestsOf(contentBytes, log2);
      let at = mib;
      for (const { start, end } of requests) {
        expect(start).toBe(at);
        expect(end - start).toBeLessThanOrEqual(16 * mib);
        if (end < size) expect(end - start).toBeGreaterThanOrEqual(4 * mib);
        at = end;
      }
      expect(at).toBe(size);
      expect(requests.length + 1).toBeLessThanOrEqual(contentBytes / (8 * mib) + 2);
    }
  });

  it('of a segment without content is one', () => {
    const p = parametersOf();
    const size = streamLength(p, 0);
    expect([...readSpans(scheduledVisits(p, size), p, p.headerLen, size)]).toEqual([{ start: 512, end: size }]);
  });

  it('begin where segments do', () => {
    const p = parametersOf({ frameSizeLog2: 16, segmentSizeLog2: 23, headerLen: 1024 });
    const starts = requestsOf(256 * mib, 23).requests.map(({ start }) => start);
    expect(starts).toEqual([mib, ...Array.from({ length: 31 }, (_, each) => wireOffset(p, each + 1))]);
  });
});

it('requests have every byte of the spans, once, and little else', () => {
  const gaps = fc.oneof(fc.nat(100), fc.nat(10_000));
  const lengths = fc.oneof(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 40_000 }));
  fc.assert(
    fc.property(
      fc.array(fc.tuple(gaps, lengths), { maxLength: 50 }),
      fc.integer({ min: 500, max: 50_000 }),
      (all, most) => {
        const spans: ByteSpan[] = [];
        let at = 0;
        for (const [gap, length] of all) {
          spans.push({ start: at + gap, end: at + gap + length });
          at += gap + length;
        }
        const requests = [...cutReads(spans, most)];
        let before = -1;
        for (const { start, end } of requests) {
          expect(start).toBeGreaterThanOrEqual(before);
          expect(end).toBeGreaterThan(start);
          before = end;
        }
        const asked = requests.reduce((sum, { start, end }) => sum + end - start, 0);
        const wanted = spans.reduce((sum, { start, end }) => sum + end - start, 0);
        expect(asked).toBeGreaterThanOrEqual(wanted);
        expect(asked).toBeLessThanOrEqual(wanted + 4096 * spans.length);
        for (const { start, end } of spans) {
          const covered = requests.reduce(
            (sum, request) => sum + Math.max(0, Math.min(end, request.end) - Math.max(start, request.start)),
            0,
          );
          expect(covered).toBe(end - start);
        }
      },
    ),
  );
});

it('what was kept is known byte by byte', () => {
  const size = 60;
  const stretch = fc
    .tuple(fc.nat(size), fc.nat(size))
    .map(([a, b]) => ({ start: Math.min(a, b), end: Math.max(a, b) }));
  fc.assert(
    fc.property(fc.array(stretch, { maxLength: 8 }), stretch, (added, asked) => {
      const kept = new KeptBytes();
      const model = new Uint8Array(size);
      added.forEach(({ start, end }, each) => {
        kept.add(start, new Uint8Array(end - start).fill(each + 1));
        for (let at = start; at < end; at++) model[at] ||= each + 1;
      });
      const missing = [...kept.missing(asked)];
      const expected: number[] = [];
      for (let at = asked.start; at < asked.end; at++) if (model[at] === 0) expected.push(at);
      expect(missing.flatMap(({ start, end }) => Array.from({ length: end - start }, (_, at) => start + at))).toEqual(
        expected,
      );
      const target = new Uint8Array(asked.end - asked.start);
      kept.copyTo(target, asked.start);
      expect([...target]).toEqual([...model.subarray(asked.start, asked.end)]);
    }),
  );
});
