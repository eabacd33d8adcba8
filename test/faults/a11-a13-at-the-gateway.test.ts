import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RawRequest } from '../../src/s3-protocol/signature/raw-request.ts';
import { nowMs, signedByHeader, signedByQuery, withHeader, withParameter } from '../s3-protocol/sdk-signer.ts';
import { noteFault } from '../support/fault-log.ts';
import { requestBytes } from '../support/gateway/raw-exchange.ts';
import {
  hostOf,
  openSignedGround,
  refusedAtTheGateway,
  type SignedGround,
  saidBy,
  signedBucket,
  storedNames,
} from '../support/gateway/signed-ground.ts';
import { signedPut } from '../support/gateway/signed-put.ts';

// A11–A13 at the gateway: requests for another time than its clock's, and requests that come twice.

let ground: SignedGround;
let clockMs = nowMs;
beforeAll(async () => {
  ground = await openSignedGround(() => clockMs);
});
afterAll(() => ground?.stop());

const minuteMs = 60_000;
const path = `/${signedBucket}/key`;
const presigned = (expiresSeconds = 900): Promise<RawRequest> =>
  signedByQuery({ method: 'PUT', path }, { expiresSeconds, atMs: nowMs });

/** Sends it when the gateway's clock shows that time. */
async function at<T>(timeMs: number, act: () => Promise<T>): Promise<T> {
  clockMs = timeMs;
  try {
    return await act();
  } finally {
    clockMs = nowMs;
  }
}

const refusedAt = (timeMs: number, request: RawRequest): Promise<string> =>
  at(timeMs, () => refusedAtTheGateway(ground, request));

async function sentAt(timeMs: number, request: RawRequest, body: Uint8Array = Buffer.alloc(0)): Promise<string> {
  const bytes = requestBytes({ ...request, headers: hostOf(request) }, body);
  const { answers } = await at(timeMs, () => ground.send(bytes));
  return answers.map(saidBy).join();
}

describe('A11: presigned URLs', () => {
  it('must say in whole seconds how long they hold, at most a week', async () => {
    const request = await presigned();
    const expiries = ['-1', '604801', '99999999999999999999', '1e3', '0x10', '1.5', '+60', ' 60', 'abc', ''];
    for (const expires of expiries) {
      const changed = withParameter(request, 'X-Amz-Expires', encodeURIComponent(expires));
      expect(await refusedAt(nowMs, changed), expires).toBe('400 AuthorizationQueryParametersError');
    }
    noteFault({ id: 'A11', injected: 'expiries that are none', reached: expiries.length, outcome: '400' });
  });

  it('hold until the second that they say, and not at all for none', async () => {
    for (const expiresSeconds of [1, 900, 604_800]) {
      const request = await presigned(expiresSeconds);
      const endMs = nowMs + expiresSeconds * 1000;
      expect(await sentAt(endMs - 1, request)).toBe('200');
      expect(await refusedAt(endMs, request)).toBe('403 AccessDenied');
    }
    expect(await refusedAt(nowMs, await presigned(0))).toBe('403 AccessDenied');
    expect(await refusedAt(nowMs - 16 * minuteMs, await presigned())).toBe('403 AccessDenied');
    noteFault({ id: 'A11', injected: 'URLs out of their time', reached: 5, outcome: '403 AccessDenied' });
  });

  it('hold for what was signed: nobody may make them hold longer, or for another day', async () => {
    const request = await presigned(60);
    const longer = withParameter(request, 'X-Amz-Expires', '604800');
    expect(await refusedAt(nowMs + 60 * minuteMs, longer)).toBe('403 SignatureDoesNotMatch');
    const later = withParameter(request, 'X-Amz-Date', '20260930T130000Z');
    expect(await refusedAt(nowMs + 60 * minuteMs, later)).toBe('403 SignatureDoesNotMatch');
    const tomorrow = withParameter(request, 'X-Amz-Date', '20261001T120000Z');
    expect(await refusedAt(nowMs + 24 * 60 * minuteMs, tomorrow)).toBe('400 AuthorizationQueryParametersError');
    noteFault({ id: 'A11', injected: 'URLs made to hold longer', reached: 3, outcome: '403 or 400' });
  });
});

describe('A12: clocks that disagree', () => {
  it('may do so by a quarter of an hour', async () => {
    const { request, pieces } = await signedPut(path, Buffer.from('in time'), { atMs: nowMs });
    const secondsMs = (minutes: number, seconds: number): number => (minutes * 60 + seconds) * 1000;
    for (const skewMs of [0, secondsMs(14, 59), -secondsMs(14, 59)]) {
      expect(await sentAt(nowMs + skewMs, request, pieces[0])).toBe('200');
    }
    for (const skewMs of [secondsMs(15, 1), -secondsMs(15, 1), 365 * 24 * 60 * minuteMs]) {
      expect(await refusedAt(nowMs + skewMs, request)).toBe('403 RequestTimeTooSkewed');
    }
    noteFault({ id: 'A12', injected: 'clocks apart', reached: 3, outcome: 'RequestTimeTooSkewed' });
  });

  it('need a date that is one', async () => {
    const request = await signedByHeader({ method: 'PUT', path });
    for (const date of [undefined, '', '20260930', 'Wed, 30 Sep 2026 12:00:00 GMT']) {
      const changed = withHeader(request, 'x-amz-date', () => date);
      expect(await refusedAt(nowMs, changed), date).toBe('403 AccessDenied');
    }
    noteFault({ id: 'A12', injected: 'dates that are none', reached: 4, outcome: '403 AccessDenied' });
  });
});

describe('A13: a signed request that comes twice', () => {
  it('is done twice within its time, and then no more', async () => {
    const { request, pieces } = await signedPut(path, Buffer.from('twice'), { atMs: nowMs });
    expect(await sentAt(nowMs, request, pieces[0])).toBe('200');
    expect(await sentAt(nowMs + minuteMs, request, pieces[0])).toBe('200');
    expect(await refusedAt(nowMs + 16 * minuteMs, request)).toBe('403 RequestTimeTooSkewed');
    noteFault({
      id: 'A13',
      injected: 'a signed PUT, again',
      reached: 2,
      outcome: 'the same object; refused after 15 min',
    });
  });

  it('makes what must be new only once', async () => {
    const created = `/${signedBucket}/made-once`;
    const options = { atMs: nowMs, headers: { 'if-none-match': '*' } };
    const { request, pieces } = await signedPut(created, Buffer.from('once'), options);
    expect(await sentAt(nowMs, request, pieces[0])).toBe('200');
    expect(await sentAt(nowMs, request, pieces[0])).toBe('412 PreconditionFailed');
    expect(await storedNames(ground)).toContain('made-once');
    noteFault({ id: 'A13', injected: 'a signed PUT with If-None-Match, again', reached: 1, outcome: '412' });
  });
});
