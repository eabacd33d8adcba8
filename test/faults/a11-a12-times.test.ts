import { describe, expect, it } from 'vitest';
import { parseAmzDate, parseDateHeader } from '../../src/s3-protocol/signature/amz-date.ts';
import type { RawRequest } from '../../src/s3-protocol/signature/raw-request.ts';
import { verifySignature } from '../../src/s3-protocol/signature/verify-signature.ts';
import { codeOf, refusalOf } from '../s3-protocol/refusal-of.ts';
import {
  accessKeyId,
  nowMs,
  rules,
  signedByHeader,
  signedByQuery,
  withHeader,
  withParameter,
} from '../s3-protocol/sdk-signer.ts';
import { noteFault } from '../support/fault-log.ts';

// A11, A12: requests for another time than now.

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
const verify = (request: RawRequest, atMs: number = nowMs) => verifySignature(request, rules, atMs);

describe('A11: presigned URLs', () => {
  it('must say in whole seconds how long they hold, at most a week', async () => {
    const request = await signedByQuery({});
    const answers: [string, string][] = [
      ['-1', 'X-Amz-Expires must be non-negative'],
      ['604801', 'X-Amz-Expires must be less than a week'],
      ['60580000', 'X-Amz-Expires must be less than a week'],
      ['99999999999999999999', 'X-Amz-Expires must be less than a week'],
      ['1e3', 'X-Amz-Expires should be a number'],
      ['0x10', 'X-Amz-Expires should be a number'],
      ['1.5', 'X-Amz-Expires should be a number'],
      ['+60', 'X-Amz-Expires should be a number'],
      [' 60', 'X-Amz-Expires should be a number'],
      ['60%0A', 'X-Amz-Expires should be a number'],
      ['\u0666', 'X-Amz-Expires should be a number'],
      ['abc', 'X-Amz-Expires should be a number'],
      ['', 'Query-string authentication version 4 requires'],
    ];
    for (const [expires, message] of answers) {
      const value = /^[\x21-\x7e]*$/.test(expires) ? expires : encodeURIComponent(expires);
      const error = refusalOf(() => verify(withParameter(request, 'X-Amz-Expires', value)));
      expect([error.code, error.status], expires).toEqual(['AuthorizationQueryParametersError', 400]);
      expect(error.message, expires).toContain(message);
    }
    const none = withParameter(request, 'X-Amz-Expires', undefined);
    expect(codeOf(() => verify(none))).toBe('400 AuthorizationQueryParametersError');
    noteFault({ id: 'A11', injected: 'expiries that are none', reached: answers.length, outcome: '400' });
  });

  it('hold until the second that they say, and not at all for none', async () => {
    for (const expiresSeconds of [1, 900, 604_800]) {
      const request = await signedByQuery({}, { expiresSeconds });
      const endMs = nowMs + expiresSeconds * 1000;
      expect(verify(request, endMs - 1).accessKeyId).toBe(accessKeyId);
      const error = refusalOf(() => verify(request, endMs));
      expect(error).toMatchObject({ code: 'AccessDenied', status: 403, message: 'Request has expired.' });
      expect(error.fields).toEqual({
        'X-Amz-Expires': String(expiresSeconds),
        Expires: `${new Date(endMs).toISOString().slice(0, 19)}Z`,
        ServerTime: `${new Date(endMs).toISOString().slice(0, 19)}Z`,
      });
    }
    const never = await signedByQuery({}, { expiresSeconds: 0 });
    expect(codeOf(() => verify(never))).toBe('403 AccessDenied');
    noteFault({ id: 'A11', injected: 'URLs after their time', reached: 4, outcome: '403 AccessDenied' });
  });

  it('hold at most a quarter of an hour before their time', async () => {
    const request = await signedByQuery({});
    expect(verify(request, nowMs - 15 * minuteMs).presigned).toBe(true);
    const early = refusalOf(() => verify(request, nowMs - 16 * minuteMs));
    expect([early.status, early.message]).toEqual([403, 'Request is not valid yet.']);
    noteFault({ id: 'A11', injected: 'a date 16 minutes ahead', reached: 1, outcome: '403 AccessDenied' });
  });

  it('must be signed with the key of their day', async () => {
    const request = await signedByQuery({});
    for (const day of ['20260929', '20261001', '20060102']) {
      const credential = encodeURIComponent(`${accessKeyId}/${day}/eu-central-1/s3/aws4_request`);
      const other = withParameter(request, 'X-Amz-Credential', credential);
      expect(refusalOf(() => verify(other)).message).toBe(
        `Invalid credential date "${day}". This date is not the same as X-Amz-Date: "20260930".`,
      );
    }
    for (const date of [
      '2026-09-30T12:00:00Z',
      '20260930',
      '20260930T120000',
      '20260931T120000Z',
      '20260930T240000Z',
    ]) {
      const other = withParameter(request, 'X-Amz-Date', encodeURIComponent(date));
      expect(refusalOf(() => verify(other)).message, date).toContain('X-Amz-Date must be in the ISO8601 Long Format');
    }
    noteFault({ id: 'A11', injected: 'other days and no days', reached: 8, outcome: '400' });
  });

  it('hold for what was signed: nobody may make them hold longer', async () => {
    const request = await signedByQuery({}, { expiresSeconds: 60 });
    const longer = withParameter(request, 'X-Amz-Expires', '604800');
    expect(codeOf(() => verify(longer, nowMs + dayMs))).toBe('403 SignatureDoesNotMatch');
    const later = withParameter(request, 'X-Amz-Date', '20260930T130000Z');
    expect(codeOf(() => verify(later, nowMs + 60 * minuteMs))).toBe('403 SignatureDoesNotMatch');
  });
});

describe('A12: clocks that disagree', () => {
  it('takes 14:59 either way, and no more than 15 minutes', async () => {
    const request = await signedByHeader({});
    const secondsMs = (minutes: number, seconds: number) => (minutes * 60 + seconds) * 1000;
    for (const skewMs of [0, secondsMs(14, 59), secondsMs(15, 0)]) {
      for (const atMs of [nowMs - skewMs, nowMs + skewMs]) expect(verify(request, atMs).accessKeyId).toBe(accessKeyId);
    }
    const refused = [secondsMs(15, 1), 5 * dayMs, 365 * dayMs].flatMap((skewMs) => [nowMs - skewMs, nowMs + skewMs]);
    for (const atMs of refused) {
      const error = refusalOf(() => verify(request, atMs));
      expect([error.status, error.code]).toEqual([403, 'RequestTimeTooSkewed']);
      expect(error.fields).toEqual({
        RequestTime: '20260930T120000Z',
        ServerTime: `${new Date(atMs).toISOString().slice(0, 19)}Z`,
        MaxAllowedSkewMilliseconds: '900000',
      });
    }
    noteFault({ id: 'A12', injected: 'clocks apart', reached: refused.length, outcome: 'RequestTimeTooSkewed' });
  });

  it('needs a date that is one', async () => {
    const request = await signedByHeader({});
    for (const date of [undefined, '', '03032006', '20260930', 'Wed, 30 Sep 2026 12:00:00 GMT', '20260230T000000Z']) {
      const error = refusalOf(() => verify(withHeader(request, 'x-amz-date', () => date)));
      expect([error.status, error.message], date).toEqual([
        403,
        'AWS authentication requires a valid Date or x-amz-date header.',
      ]);
    }
  });

  it('reads a Date header where there is no x-amz-date, in both of its forms', () => {
    expect(parseDateHeader('Wed, 30 Sep 2026 12:00:00 GMT')).toEqual({ timestamp: '20260930T120000Z', timeMs: nowMs });
    expect(parseDateHeader('20260930T120000Z')?.timeMs).toBe(nowMs);
    for (const text of ['Wed, 30 Foo 2026 12:00:00 GMT', 'Wed, 31 Sep 2026 12:00:00 GMT', '30 Sep 2026', '']) {
      expect(parseDateHeader(text), text).toBeUndefined();
    }
    expect(parseAmzDate('99999999T999999Z')).toBeUndefined();
    expect(parseAmzDate('00010101T000000Z')).toBeUndefined();
  });
});
