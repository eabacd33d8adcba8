import { describe, expect, it } from 'vitest';
import type { HeaderField, RawRequest } from '../../../src/s3-protocol/signature/raw-request.ts';
import { verifySignature } from '../../../src/s3-protocol/signature/verify-signature.ts';
import { refusalOf } from '../refusal-of.ts';
import { emptySha256 } from '../sdk-signer.ts';

// The examples that the documentation of S3's signature version 4 works out, with the signatures that it gives.

const accessKeyId = 'AKIAIOSFODNN7EXAMPLE';
const secret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const rules = { findSecret: (id: string) => (id === accessKeyId ? secret : undefined), regions: ['us-east-1'] };
const nowMs = Date.UTC(2013, 4, 24);
const scope = '20130524/us-east-1/s3/aws4_request';
const host: HeaderField = ['Host', 'examplebucket.s3.amazonaws.com'];

function signed(signedHeaders: string, signature: string): HeaderField {
  return [
    'Authorization',
    `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope},SignedHeaders=${signedHeaders},Signature=${signature}`,
  ];
}

const examples: Record<string, RawRequest> = {
  'GET Object with a range': {
    method: 'GET',
    target: '/test.txt',
    headers: [
      host,
      signed(
        'host;range;x-amz-content-sha256;x-amz-date',
        'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
      ),
      ['Range', 'bytes=0-9'],
      ['x-amz-content-sha256', emptySha256],
      ['x-amz-date', '20130524T000000Z'],
    ],
  },
  'PUT Object': {
    method: 'PUT',
    target: '/test$file.text',
    headers: [
      host,
      ['Date', 'Fri, 24 May 2013 00:00:00 GMT'],
      signed(
        'date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class',
        '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
      ),
      ['x-amz-date', '20130524T000000Z'],
      ['x-amz-storage-class', 'REDUCED_REDUNDANCY'],
      ['x-amz-content-sha256', '44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072'],
    ],
  },
  'GET Bucket Lifecycle': {
    method: 'GET',
    target: '/?lifecycle',
    headers: [
      host,
      signed(
        'host;x-amz-content-sha256;x-amz-date',
        'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
      ),
      ['x-amz-date', '20130524T000000Z'],
      ['x-amz-content-sha256', emptySha256],
    ],
  },
  'GET Bucket (List Objects)': {
    method: 'GET',
    target: '/?max-keys=2&prefix=J',
    headers: [
      host,
      signed(
        'host;x-amz-content-sha256;x-amz-date',
        '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
      ),
      ['x-amz-date', '20130524T000000Z'],
      ['x-amz-content-sha256', emptySha256],
    ],
  },
  'a presigned URL': {
    method: 'GET',
    target: `/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${accessKeyId}%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404`,
    headers: [host],
  },
};

describe('the published examples', () => {
  it.each(Object.keys(examples))('verifies %s', (name) => {
    const verified = verifySignature(examples[name]!, rules, nowMs);
    expect(verified.accessKeyId).toBe(accessKeyId);
    expect(verified.seed.scope).toBe(scope);
  });

  it.each(Object.keys(examples))('refuses %s under another method, path or query', (name) => {
    const request = examples[name]!;
    const changed = [
      { ...request, method: 'DELETE' },
      { ...request, target: `/x${request.target}` },
      { ...request, target: `${request.target}${request.target.includes('?') ? '&' : '?'}acl` },
    ];
    for (const other of changed) {
      expect(refusalOf(() => verifySignature(other, rules, nowMs)).code).toBe('SignatureDoesNotMatch');
    }
  });

  it('shows what was to be signed, as the documentation writes it', () => {
    const request = examples['GET Bucket (List Objects)']!;
    const wrong = { ...request, target: '/?prefix=J&max-keys=3' };
    const { fields } = refusalOf(() => verifySignature(wrong, rules, nowMs));
    expect(fields.CanonicalRequest).toBe(
      [
        'GET',
        '/',
        'max-keys=3&prefix=J',
        'host:examplebucket.s3.amazonaws.com',
        `x-amz-content-sha256:${emptySha256}`,
        'x-amz-date:20130524T000000Z',
        '',
        'host;x-amz-content-sha256;x-amz-date',
        emptySha256,
      ].join('\n'),
    );
    expect(fields.StringToSign).toMatch(
      /^AWS4-HMAC-SHA256\n20130524T000000Z\n20130524\/us-east-1\/s3\/aws4_request\n[0-9a-f]{64}$/,
    );
  });
});
