import { describe, expect, it } from 'vitest';
import { contentRange, parseRange } from '../../src/s3-protocol/conditions/byte-range.ts';
import { planRead } from '../../src/s3-protocol/conditions/read-conditions.ts';
import { S3Error } from '../../src/s3-protocol/errors/s3-error.ts';
import { noteFault } from '../support/fault-log.ts';

// H15, H16: what a read is answered with, decided from the size of the plaintext. Every combination of conditions and
// ranges is tried against a plain statement of the rules, so that none of them is decided by accident.

const nowMs = Date.UTC(2024, 5, 1);
const modifiedMs = Date.UTC(2024, 4, 1);
const older = 'Mon, 01 Apr 2024 00:00:00 GMT';
const newer = 'Wed, 15 May 2024 00:00:00 GMT';
const sizes = [0, 1, 10, 70_000];

interface Choice {
  readonly ifMatch: string | undefined;
  readonly ifNoneMatch: string | undefined;
  readonly ifModifiedSince: string | undefined;
  readonly ifUnmodifiedSince: string | undefined;
}

function statusOf(headers: Readonly<Record<string, string | undefined>>, sizeBytes: number): number {
  const fields = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  try {
    return planRead(fields, { etag: 'e', lastModifiedMs: modifiedMs, sizeBytes }, nowMs).status;
  } catch (error) {
    if (error instanceof S3Error) return error.status;
    throw error;
  }
}

/** RFC 9110 §13.2.2, which is what S3 does. */
function expectedStatus({ ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince }: Choice, ranged: number): number {
  if (ifMatch !== undefined && ifMatch !== '"e"') return 412;
  if (ifMatch === undefined && ifUnmodifiedSince === older) return 412;
  if (ifNoneMatch === '"e"') return 304;
  if (ifNoneMatch === undefined && ifModifiedSince === newer) return 304;
  return ranged;
}

describe('H15: conditions and ranges together', () => {
  it('are answered in their order, with lengths of the plaintext', () => {
    const etags = [undefined, '"e"', '"x"'];
    const dates = [undefined, older, newer];
    const ranges: readonly [header: string | undefined, status: (sizeBytes: number) => number][] = [
      [undefined, () => 200],
      ['bytes=0-0', (sizeBytes) => (sizeBytes > 0 ? 206 : 416)],
      ['bytes=5-', (sizeBytes) => (sizeBytes > 5 ? 206 : 416)],
      ['bytes=-5', (sizeBytes) => (sizeBytes > 0 ? 206 : 200)],
      ['bytes=0-1,3-4', () => 200],
    ];
    let reached = 0;
    for (const ifMatch of etags)
      for (const ifNoneMatch of etags)
        for (const ifModifiedSince of dates)
          for (const ifUnmodifiedSince of dates)
            for (const [range, ranged] of ranges)
              for (const sizeBytes of sizes) {
                const choice = { ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince };
                const headers = {
                  'if-match': ifMatch,
                  'if-none-match': ifNoneMatch,
                  'if-modified-since': ifModifiedSince,
                  'if-unmodified-since': ifUnmodifiedSince,
                  range,
                };
                const expected = expectedStatus(choice, ranged(sizeBytes));
                expect(statusOf(headers, sizeBytes), JSON.stringify({ headers, sizeBytes })).toBe(expected);
                reached += 1;
              }
    noteFault({
      id: 'H15',
      injected: 'every combination of four conditions, five ranges and four sizes',
      reached,
      outcome: '412, 304, 416, 206 or 200, conditions first',
    });
  });
});

describe('H16: ranges that are hardly any', () => {
  it.each([
    ['several ranges', 'bytes=0-1,3-4', 200],
    ['the last none', 'bytes=-0', 416],
    ['more than there is', 'bytes=-99999', 206],
    ['an end before its beginning', 'bytes=5-3', 200],
    ['a beginning beyond 2^53', 'bytes=9007199254740993-', 416],
    ['an end beyond 2^53', 'bytes=0-18014398509481984', 206],
    ['a beginning beyond 2^63', 'bytes=9223372036854775808-', 200],
    ['another unit', 'lines=0-1', 200],
    ['no unit', '0-1', 200],
    ['junk', 'bytes=x-y', 200],
    ['junk after it', 'bytes=0-1;q=1', 200],
  ])('%s: %s is %i', (what, range, status) => {
    const outcome = statusOf({ range }, 10);
    expect(outcome).toBe(status);
    noteFault({ id: 'H16', injected: `${what}: ${range}`, reached: 1, outcome: String(outcome) });
  });

  it('never lie about where they are', () => {
    const plan = planRead([['Range', 'bytes=-99999']], { etag: 'e', lastModifiedMs: 0, sizeBytes: 10 }, nowMs);
    expect(plan).toEqual({ status: 206, range: { first: 0, last: 9 } });
    expect(contentRange({ first: 0, last: 9 }, 10)).toBe('bytes 0-9/10');
    expect(parseRange('bytes=0-1,3-4')).toBeUndefined();
  });
});
