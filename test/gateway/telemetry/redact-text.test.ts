import { describe, expect, it } from 'vitest';
import { SealpartError } from '../../../src/errors.ts';
import { describeError } from '../../../src/gateway/telemetry/describe-error.ts';
import { redactTarget, redactText } from '../../../src/gateway/telemetry/redact-text.ts';
import { s3Error } from '../../../src/s3-protocol/errors/s3-error.ts';

describe('a target in the log', () => {
  it.each([
    ['/b/k', '/b/k'],
    ['/b/k?list-type=2&prefix=Signature', '/b/k?list-type=2&prefix=Signature'],
    [
      '/b/k?X-Amz-Algorithm=A&X-Amz-Credential=AKID%2F2026&X-Amz-Signature=abc&x-id=1',
      '/b/k?X-Amz-Algorithm=A&X-Amz-Credential=REDACTED&X-Amz-Signature=REDACTED&x-id=1',
    ],
    ['/b?x-amz-SECURITY-token=t=u&a', '/b?x-amz-SECURITY-token=REDACTED&a'],
    ['/b?X%2DAmz%2dSignatur%65=abc', '/b?X%2DAmz%2dSignatur%65=REDACTED'],
    ['/b?AWSAccessKeyId=a&Signature=b&Expires=1', '/b?AWSAccessKeyId=REDACTED&Signature=REDACTED&Expires=1'],
  ])('%s', (target, logged) => {
    expect(redactTarget(target)).toBe(logged);
  });

  it('has an end', () => {
    expect(redactTarget(`/${'k'.repeat(16_000)}`).length).toBeLessThan(2100);
  });
});

describe('a text in the log', () => {
  it.each([
    'AWS4-HMAC-SHA256 Credential=AKID/20260101/r/s3/aws4_request, SignedHeaders=host, Signature=topsecret',
    'https://store/b/k?X-Amz-Signature=topsecret&x=1',
    '{"x-amz-security-token": "topsecret"}',
    'secretAccessKey: topsecret',
    'SEALPART-SECRET-KEY-1TOPSECRETtopsecret',
  ])('%s', (text) => {
    expect(redactText(text)).not.toMatch(/topsecret/);
    expect(redactText(text)).toContain('REDACTED');
  });
});

describe('an error in the log', () => {
  it('has its causes, and a stack only where nobody foresaw it', () => {
    const bug = new TypeError('x is not a function');
    const error = s3Error(
      'InternalError',
      {},
      new SealpartError('store', 'The store failed: Signature=abc', { cause: bug }),
    );
    const described = describeError(error);
    expect(described).toMatchObject({
      type: 'S3Error',
      code: 'InternalError',
      cause: { type: 'SealpartError', code: 'store', message: 'The store failed: Signature=REDACTED' },
    });
    expect(described.stack).toBeUndefined();
    expect(described.cause!.cause!.stack).toContain('TypeError');
    expect(describeError('text')).toEqual({ type: 'string', message: 'text' });
  });

  it('has an end, where causes are a ring', () => {
    const error = new Error('a');
    error.cause = error;
    expect(JSON.stringify(describeError(error)).length).toBeLessThan(40_000);
  });
});
