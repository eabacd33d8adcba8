import { describe, expect, it } from 'vitest';
import type { RawRequest } from '../../../src/s3-protocol/signature/raw-request.ts';
import { isAnonymous, verifySignature } from '../../../src/s3-protocol/signature/verify-signature.ts';
import { fc } from '../../support/properties.ts';
import { codeOf, refusalOf } from '../refusal-of.ts';
import {
  accessKeyId,
  escapeUri,
  host,
  nowMs,
  region,
  rules,
  signedByHeader,
  signedByQuery,
  withHeader,
  withParameter,
} from '../sdk-signer.ts';

// What the SDK signs is verified, and nothing else is: whatever keys, parameters and headers are made of.

const text = fc.string({ unit: 'grapheme', maxLength: 12 });
const oddText = fc.oneof(
  text,
  fc.constantFrom(
    '',
    '/',
    '//',
    '..',
    '%2F',
    '%252e',
    '+',
    ' ',
    '  ',
    "!'()*",
    'a=b&c',
    '?',
    '#',
    '~',
    '\u00e9',
    'e\u0301',
    '\ud83d\ude00',
  ),
);
const path = fc.array(oddText, { maxLength: 6 }).map((parts) => `/bucket/${parts.map(escapeUri).join('/')}`);
const query = fc.dictionary(
  // The signer takes a few names as its own.
  oddText.filter((name) => name !== '' && !/^x-amz-/i.test(name) && !['Signature', 'AWSAccessKeyId'].includes(name)),
  fc.oneof(oddText, fc.array(oddText, { minLength: 1, maxLength: 3 })),
  { maxKeys: 5, noNullPrototype: true },
);
const headerValue = fc.string({ unit: fc.constantFrom(...'abcXYZ019 \t,;=:"/*'), maxLength: 20 });
const headers = fc.dictionary(
  fc
    .string({ unit: fc.constantFrom(...'abcxyz019-_'), minLength: 1, maxLength: 8 })
    .map((name) => `x-amz-meta-${name}`),
  headerValue,
  { maxKeys: 4, noNullPrototype: true },
);
const request = fc.record({ method: fc.constantFrom('GET', 'PUT', 'HEAD', 'DELETE', 'POST'), path, query, headers });

/** The same parameters in another order and another spelling. */
function rewritten({ target, ...rest }: RawRequest): RawRequest {
  const [before, pieces = ''] = target.split('?');
  const spelled = pieces
    .split('&')
    .reverse()
    .map((piece) => piece.replaceAll('%20', '+').replace(/%[0-9A-F]{2}/g, (hex) => hex.toLowerCase()))
    .join('&&');
  return { ...rest, target: `${before}?${spelled}` };
}

describe('agreement with the SDK', () => {
  it('verifies what it signs in headers', async () => {
    await fc.assert(
      fc.asyncProperty(request, async (plain) => {
        const signed = await signedByHeader(plain);
        expect(verifySignature(signed, rules, nowMs)).toMatchObject({ accessKeyId, presigned: false });
      }),
      { numRuns: 300 },
    );
  });

  it('verifies what it signs in URLs, and gives the headers that stand there', async () => {
    await fc.assert(
      fc.asyncProperty(request, async (plain) => {
        const signed = await signedByQuery(plain);
        const verified = verifySignature(signed, rules, nowMs);
        expect(verified).toMatchObject({ accessKeyId, presigned: true, payload: { kind: 'unsigned' } });
        const hoisted = Object.fromEntries(verified.hoistedHeaders);
        expect(hoisted).toEqual({ ...plain.headers, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' });
      }),
      { numRuns: 300 },
    );
  });

  it('verifies a query in any order and spelling', async () => {
    await fc.assert(
      fc.asyncProperty(request, async (plain) => {
        const signed = await signedByQuery(plain);
        expect(verifySignature(rewritten(signed), rules, nowMs).accessKeyId).toBe(accessKeyId);
      }),
      { numRuns: 100 },
    );
  });

  it('refuses it as soon as a byte that is signed changes', async () => {
    const change = fc.record({ plain: request, where: fc.nat(), to: fc.integer({ min: 0x21, max: 0x7e }) });
    await fc.assert(
      fc.asyncProperty(change, async ({ plain, where, to }) => {
        const signed = await signedByHeader(plain);
        const [path = ''] = signed.target.split('?');
        const at = 1 + (where % (path.length - 1));
        const byte = String.fromCharCode(to);
        fc.pre(
          byte !== '?' && byte !== '%' && path[at] !== '%' && signed.target[at - 1] !== '%' && path[at - 2] !== '%',
        );
        fc.pre(decodeURIComponent(path) !== decodeURIComponent(path.slice(0, at) + byte + path.slice(at + 1)));
        const target = signed.target.slice(0, at) + byte + signed.target.slice(at + 1);
        expect(codeOf(() => verifySignature({ ...signed, target }, rules, nowMs))).toBe('403 SignatureDoesNotMatch');
      }),
      { numRuns: 300 },
    );
  });

  it('never fails in another way than with an error of S3', () => {
    const anything = fc.oneof(
      text,
      fc.string({ unit: 'binary', maxLength: 30 }),
      fc.constantFrom('AWS4-HMAC-SHA256 ', '%', ';'),
    );
    const header = fc.tuple(
      fc.oneof(anything, fc.constantFrom('Authorization', 'host', 'X-Amz-Date', 'x-amz-content-sha256', 'date')),
      fc.oneof(
        anything,
        fc.constantFrom(
          `AWS4-HMAC-SHA256 Credential=${accessKeyId}/20260930/${region}/s3/aws4_request, SignedHeaders=host, Signature=00`,
          '20260930T120000Z',
          'UNSIGNED-PAYLOAD',
          host,
        ),
      ),
    );
    const parameter = fc.constantFrom(
      'X-Amz-Algorithm=AWS4-HMAC-SHA256',
      `X-Amz-Credential=${accessKeyId}/20260930/${region}/s3/aws4_request`,
      'X-Amz-Signature=0',
      'X-Amz-Date=20260930T120000Z',
      'X-Amz-SignedHeaders=host',
      'X-Amz-Expires=100',
      'X-Amz-Expires=%00',
      '%',
    );
    const target = fc.oneof(
      anything,
      fc.array(fc.oneof(parameter, anything), { maxLength: 8 }).map((pieces) => `/?${pieces.join('&')}`),
    );
    const raw = fc.record({ method: anything, target, headers: fc.array(header, { maxLength: 6 }) });
    fc.assert(
      fc.property(raw, (odd) => {
        refusalOf(() => verifySignature(odd, rules, nowMs));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('requests that say nothing of who they are from', () => {
  it('tells them from all others', async () => {
    const signed = await signedByHeader({});
    const presigned = await signedByQuery({});
    const anonymous = withHeader(signed, 'authorization', () => undefined);
    expect(isAnonymous(anonymous)).toBe(true);
    expect(codeOf(() => verifySignature(anonymous, rules, nowMs))).toBe('403 AccessDenied');
    expect([signed, presigned].map(isAnonymous)).toEqual([false, false]);
    const remains = ['X-Amz-Algorithm', 'X-Amz-Credential', 'X-Amz-Signature', 'X-Amz-SignedHeaders', 'X-Amz-Expires'];
    for (const name of remains) {
      const only = withParameter({ ...anonymous, target: '/bucket' }, name, 'x');
      expect(isAnonymous(only), name).toBe(false);
      refusalOf(() => verifySignature(only, rules, nowMs));
    }
  });
});
