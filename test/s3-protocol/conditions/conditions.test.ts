import { describe, expect, it } from 'vitest';
import { matchesStrongly, matchesWeakly, parseEtagList } from '../../../src/s3-protocol/conditions/etag-list.ts';
import { formatHttpDate, parseHttpDate } from '../../../src/s3-protocol/conditions/http-date.ts';
import { checkRangeAndPart, planRead } from '../../../src/s3-protocol/conditions/read-conditions.ts';
import {
  evaluateDelete,
  evaluateWrite,
  isUnconditional,
  parseDeleteConditions,
  readDeleteConditions,
  readWriteConditions,
} from '../../../src/s3-protocol/conditions/write-conditions.ts';
import { S3Error } from '../../../src/s3-protocol/errors/s3-error.ts';
import type { HeaderField } from '../../../src/s3-protocol/signature/raw-request.ts';
import { readDelete } from '../../../src/s3-protocol/xml/read-delete.ts';
import { fc } from '../../support/properties.ts';

type Headers = Readonly<Record<string, string>>;
const fields = (headers: Headers): HeaderField[] => Object.entries(headers);

function outcomeOf(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    if (error instanceof S3Error) return [error.status, error.code, ...Object.values(error.fields)].join(' ');
    throw error;
  }
}

const modifiedMs = Date.UTC(2024, 4, 17, 12, 0, 0, 700);
const nowMs = modifiedMs + 86_400_000;
const same = formatHttpDate(modifiedMs);
const before = formatHttpDate(modifiedMs - 1000);
const after = formatHttpDate(modifiedMs + 1000);
const future = formatHttpDate(nowMs + 5000);

describe('a date', () => {
  const timeMs = Date.UTC(1994, 10, 6, 8, 49, 37);

  it.each<[string, number | undefined]>([
    ['Sun, 06 Nov 1994 08:49:37 GMT', timeMs],
    ['Sunday, 06-Nov-94 08:49:37 GMT', timeMs],
    ['Sun Nov  6 08:49:37 1994', timeMs],
    ['1994-11-06T08:49:37Z', timeMs],
    ['1994-11-06T09:49:37+01:00', timeMs],
    ['1994-11-06T08:49:37.000Z', timeMs],
    ['Sat, 29 Feb 2020 00:00:00 GMT', Date.UTC(2020, 1, 29)],
    ['Wednesday, 01-Jan-25 00:00:00 GMT', Date.UTC(2025, 0, 1)],
    ['Fri, 30 Feb 2024 00:00:00 GMT', undefined],
    ['Sun, 06 Nov 1994 24:49:37 GMT', undefined],
    ['Sun, 06 Foo 1994 08:49:37 GMT', undefined],
    ['Sun, 06 Nov 1994 08:49:37', undefined],
    ['1994-11-06', undefined],
    ['1994-13-06T08:49:37Z', undefined],
    ['784111777', undefined],
    ['', undefined],
  ])('%s', (text, expected) => {
    expect(parseHttpDate(text)).toBe(expected);
  });

  it('is read as it was written', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 }), (seconds) => {
        expect(parseHttpDate(formatHttpDate(seconds * 1000 + 999))).toBe(seconds * 1000);
      }),
    );
  });
});

describe('a list of ETags', () => {
  it.each([
    ['"a"', ['a'], []],
    ['a', ['a'], []],
    ['"a", "b"', ['a', 'b'], []],
    ['"a","b" , c', ['a', 'b', 'c'], []],
    ['W/"a"', [], ['a']],
    ['W/"a", "b"', ['b'], ['a']],
    ['"a,b"', ['a,b'], []],
    [',, "a" ,,"b",', ['a', 'b'], []],
    ['"d41d8cd98f00b204e9800998ecf8427e-2"', ['d41d8cd98f00b204e9800998ecf8427e-2'], []],
    ['"a" b', ['"a" b'], []],
    ['"a', ['"a'], []],
    ['""', [''], []],
  ])('%s', (text, strong, weak) => {
    const list = parseEtagList(text);
    for (const etag of strong) expect(matchesStrongly(list, etag)).toBe(true);
    for (const etag of weak) expect([matchesStrongly(list, etag), matchesWeakly(list, etag)]).toEqual([false, true]);
    expect(list).toHaveLength(strong.length + weak.length);
    expect(matchesWeakly(list, 'other')).toBe(false);
  });

  it('can be any', () => {
    expect([parseEtagList('*'), parseEtagList(' "*" ')]).toEqual(['*', '*']);
    expect(matchesStrongly('*', 'x')).toBe(true);
  });

  it('takes no time that grows faster than it', () => {
    for (const piece of [' ', 'a ', ',', '"', 'a', 'W/', ' ,', '"a" ']) {
      const startMs = performance.now();
      parseEtagList(`a${piece.repeat(100_000)}"`);
      expect(performance.now() - startMs, JSON.stringify(piece)).toBeLessThan(10_000);
    }
  });
});

describe('a read', () => {
  const object = { etag: 'e', lastModifiedMs: modifiedMs, sizeBytes: 10 };
  const [match, mismatch] = ['"e"', '"other"'];

  it.each<[Headers, unknown]>([
    [{}, 200],
    [{ 'If-Match': match }, 200],
    [{ 'If-Match': '*' }, 200],
    [{ 'If-Match': `${mismatch}, ${match}` }, 200],
    [{ 'If-Match': mismatch }, '412 PreconditionFailed If-Match'],
    [{ 'If-Match': 'W/"e"' }, '412 PreconditionFailed If-Match'],
    [{ 'If-None-Match': mismatch }, 200],
    [{ 'If-None-Match': match }, 304],
    [{ 'If-None-Match': 'e' }, 304],
    [{ 'If-None-Match': 'W/"e"' }, 304],
    [{ 'If-None-Match': '*' }, 304],
    [{ 'If-Modified-Since': before }, 200],
    [{ 'If-Modified-Since': same }, 304],
    [{ 'If-Modified-Since': after }, 304],
    [{ 'If-Modified-Since': future }, 200],
    [{ 'If-Modified-Since': 'yesterday' }, 200],
    [{ 'If-Modified-Since': '' }, 200],
    [{ 'If-Unmodified-Since': before }, '412 PreconditionFailed If-Unmodified-Since'],
    [{ 'If-Unmodified-Since': same }, 200],
    [{ 'If-Unmodified-Since': after }, 200],
    [{ 'If-Unmodified-Since': 'yesterday' }, 200],
    // The ETag that matches makes the date not matter.
    [{ 'If-Match': match, 'If-Unmodified-Since': before }, 200],
    [{ 'If-Match': mismatch, 'If-Unmodified-Since': after }, '412 PreconditionFailed If-Match'],
    [{ 'If-None-Match': match, 'If-Modified-Since': before }, 304],
    [{ 'If-None-Match': mismatch, 'If-Modified-Since': after }, 200],
    [{ 'If-Match': match, 'If-None-Match': match }, 304],
    [{ 'If-Match': match, 'If-None-Match': mismatch, 'If-Modified-Since': after }, 200],
    [{ 'If-Match': match, 'If-Modified-Since': after }, 304],
    [{ 'If-Match': mismatch, 'If-None-Match': match }, '412 PreconditionFailed If-Match'],
    [{ 'If-None-Match': match, 'If-Unmodified-Since': before }, '412 PreconditionFailed If-Unmodified-Since'],
    [{ 'If-None-Match': mismatch, 'If-Unmodified-Since': before }, '412 PreconditionFailed If-Unmodified-Since'],
    [{ 'If-Modified-Since': after, 'If-Unmodified-Since': before }, '412 PreconditionFailed If-Unmodified-Since'],
    [{ 'If-Modified-Since': after, 'If-Unmodified-Since': after }, 304],
    // Conditions come before the range.
    [{ Range: 'bytes=2-3' }, '206 2-3'],
    [{ Range: 'bytes=10-' }, '416 InvalidRange bytes=10- 10'],
    [{ Range: 'bytes=10-', 'If-None-Match': match }, 304],
    [{ Range: 'bytes=10-', 'If-Match': mismatch }, '412 PreconditionFailed If-Match'],
    [{ Range: 'bytes=2-3', 'If-Match': match }, '206 2-3'],
    [{ Range: 'bytes=2-3,5-6', 'If-Match': match }, 200],
    // A range of another state of the object is none.
    [{ Range: 'bytes=2-3', 'If-Range': match }, '206 2-3'],
    [{ Range: 'bytes=2-3', 'If-Range': mismatch }, 200],
    [{ Range: 'bytes=2-3', 'If-Range': 'W/"e"' }, 200],
    [{ Range: 'bytes=2-3', 'If-Range': '*' }, 200],
    [{ Range: 'bytes=2-3', 'If-Range': same }, '206 2-3'],
    [{ Range: 'bytes=2-3', 'If-Range': after }, 200],
    [{ Range: 'bytes=10-', 'If-Range': mismatch }, 200],
  ])('with %j is answered %s', (headers, expected) => {
    const outcome = outcomeOf(() => {
      const plan = planRead(fields(headers), object, nowMs);
      return plan.status === 206 ? `206 ${plan.range.first}-${plan.range.last}` : plan.status;
    });
    expect(outcome).toBe(expected);
  });

  it('asks for a part by number or by bytes', () => {
    checkRangeAndPart(fields({}), 1);
    checkRangeAndPart(fields({ range: 'bytes=0-' }), undefined);
    const both = outcomeOf(() => checkRangeAndPart(fields({ Range: 'bytes=0-' }), 1));
    expect(both).toBe('400 InvalidRequest');
  });
});

describe('a write', () => {
  it.each<[Headers, string | undefined, unknown]>([
    [{}, 'e', undefined],
    [{}, undefined, undefined],
    [{ 'If-None-Match': '*' }, undefined, undefined],
    [{ 'If-None-Match': '*' }, 'e', '412 PreconditionFailed If-None-Match'],
    [{ 'If-Match': '"e"' }, 'e', undefined],
    [{ 'If-Match': 'e' }, 'e', undefined],
    [{ 'If-Match': '*' }, 'e', undefined],
    [{ 'If-Match': '"x"' }, 'e', '412 PreconditionFailed If-Match'],
    [{ 'If-Match': 'W/"e"' }, 'e', '412 PreconditionFailed If-Match'],
    [{ 'If-Match': '"e"' }, undefined, '404 NoSuchKey key'],
    [{ 'If-None-Match': '"e"' }, 'e', expect.stringMatching(/^501 NotImplemented If-None-Match We don\\'t accept/)],
    [
      { 'If-None-Match': '*', 'If-Match': '"e"' },
      'e',
      expect.stringMatching(/^501 NotImplemented If-Match,If-None-Match Multiple/),
    ],
  ])('with %j over %s', (headers, etag, expected) => {
    const current = etag === undefined ? undefined : { etag };
    expect(outcomeOf(() => evaluateWrite(readWriteConditions(fields(headers)), current, 'key'))).toEqual(expected);
  });
});

describe('a delete', () => {
  const current = { etag: 'e', lastModifiedMs: modifiedMs, sizeBytes: 10 };

  it.each<[Headers, unknown]>([
    [{}, undefined],
    [{ 'If-Match': '"e"' }, undefined],
    [{ 'If-Match': '*' }, undefined],
    [{ 'If-Match': '"x"' }, '412 PreconditionFailed If-Match'],
    [{ 'x-amz-if-match-size': '10' }, undefined],
    [{ 'x-amz-if-match-size': '11' }, '412 PreconditionFailed If-Match-Size'],
    [{ 'x-amz-if-match-last-modified-time': same }, undefined],
    [{ 'x-amz-if-match-last-modified-time': '2024-05-17T12:00:00Z' }, undefined],
    [{ 'x-amz-if-match-last-modified-time': after }, '412 PreconditionFailed If-Match-Last-Mod-Time'],
    [{ 'x-amz-if-match-size': 'x' }, '400 InvalidArgument x-amz-if-match-size x'],
    [{ 'x-amz-if-match-size': '-1' }, '400 InvalidArgument x-amz-if-match-size -1'],
    [{ 'x-amz-if-match-last-modified-time': 'x' }, '400 InvalidArgument x-amz-if-match-last-modified-time x'],
  ])('with %j', (headers, expected) => {
    expect(outcomeOf(() => evaluateDelete(readDeleteConditions(fields(headers)), current))).toBe(expected);
  });

  it('in a list has the same conditions', () => {
    expect(isUnconditional(parseDeleteConditions({}))).toBe(true);
    const conditions = parseDeleteConditions({ etag: '"e"', lastModifiedTime: same, sizeBytes: 10 });
    expect(isUnconditional(conditions)).toBe(false);
    evaluateDelete(conditions, current);
    const other = { ...current, sizeBytes: 11 };
    expect(outcomeOf(() => evaluateDelete(conditions, other))).toBe('412 PreconditionFailed If-Match-Size');
  });
});

describe('a condition that is there and empty', () => {
  const empty = (name: string) => [[name, ' ']] as const;

  it.each(['if-match', 'if-none-match'])('of a write is refused: %s', (name) => {
    expect(() => readWriteConditions(empty(name))).toThrow(expect.objectContaining({ code: 'InvalidArgument' }));
  });

  it.each(['if-match', 'x-amz-if-match-size', 'x-amz-if-match-last-modified-time'])(
    'of a delete is refused: %s',
    (name) => {
      expect(() => readDeleteConditions(empty(name))).toThrow(expect.objectContaining({ code: 'InvalidArgument' }));
    },
  );

  it.each(['ETag', 'LastModifiedTime'])('of one of many deletes is refused: %s', (element) => {
    const document = `<Delete><Object><Key>k</Key><${element}></${element}></Object></Delete>`;
    const [object] = readDelete(Buffer.from(document)).objects;
    expect(() => parseDeleteConditions(object!)).toThrow(expect.objectContaining({ code: 'InvalidArgument' }));
  });
});
