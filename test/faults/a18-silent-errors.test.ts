import { describe, expect, it } from 'vitest';
import { ChunkedDecoder } from '../../src/s3-protocol/chunked/chunked-decoder.ts';
import type { S3Error } from '../../src/s3-protocol/errors/s3-error.ts';
import type { RawRequest } from '../../src/s3-protocol/signature/raw-request.ts';
import { deriveSigningKey, sign } from '../../src/s3-protocol/signature/signing-key.ts';
import { verifySignature } from '../../src/s3-protocol/signature/verify-signature.ts';
import { refusalOf } from '../s3-protocol/refusal-of.ts';
import {
  accessKeyId,
  nowMs,
  region,
  rules,
  secretAccessKey,
  signedByHeader,
  signedByQuery,
  withHeader,
  withHeaders,
  withParameter,
} from '../s3-protocol/sdk-signer.ts';
import { BodySigner, seed } from '../s3-protocol/signed-body.ts';
import { noteFault } from '../support/fault-log.ts';

// A18: what an error of the signature's check says, and above all what it does not.

function everythingIn(error: S3Error): string {
  return JSON.stringify([error.message, error.fields, error.code, String(error.cause ?? '')]);
}

const signatureOf = (request: RawRequest) => /Signature=([0-9a-f]{64})/.exec(JSON.stringify(request))![1]!;
const signingKey = deriveSigningKey(secretAccessKey, { date: '20260930', region });

describe('A18: errors', () => {
  it('never tell the secret, the key made of it, or the signature that would have been right', async () => {
    const plain = { method: 'PUT', path: '/bucket/key' };
    const [byHeader, byQuery] = [await signedByHeader(plain), await signedByQuery(plain)];
    const forged = 'f'.repeat(64);
    const secrets = [
      secretAccessKey,
      secretAccessKey.slice(8),
      signingKey.export().toString('hex'),
      signingKey.export().toString('base64'),
    ];
    const wrong: RawRequest[] = [byHeader, byQuery].flatMap((request) => {
      const right = signatureOf(request);
      secrets.push(right);
      const target = request.target.replace(right, forged);
      const refused = withHeader({ ...request, target }, 'authorization', (text) => text.replace(right, forged));
      return [refused, withHeaders(refused, ['x-amz-acl', 'private']), { ...refused, target: `/%${refused.target}` }];
    });
    wrong.push(withParameter(byQuery, 'X-Amz-Signature', forged));
    wrong.push(
      await signedByHeader(plain, { secret: 'not the secret' }),
      await signedByQuery(plain, { secret: 'not the secret' }),
    );
    for (const request of wrong) {
      const error = refusalOf(() => verifySignature(request, rules, nowMs));
      const text = everythingIn(error);
      for (const secret of secrets) expect(text).not.toContain(secret);
      if (error.code !== 'SignatureDoesNotMatch') continue;
      // With what it shows, and without the key, nobody makes the signature.
      expect(sign(signingKey, error.fields.StringToSign!).toString('hex')).not.toBe(error.fields.SignatureProvided);
      expect(error.fields.AWSAccessKeyId).toBe(accessKeyId);
    }
    noteFault({ id: 'A18', injected: 'wrong signatures', reached: wrong.length, outcome: 'nothing secret' });
  });

  it('do not show keys that a client sent in its headers', async () => {
    const key = 'c2VjcmV0IGtleSBvZiBhIGNsaWVudCwgMzIgYnl0ZXM=';
    const names = [
      'x-amz-server-side-encryption-customer-key',
      'x-amz-copy-source-server-side-encryption-customer-key',
    ];
    const headers = Object.fromEntries(names.map((name) => [name, key]));
    const request = await signedByHeader({ method: 'PUT', headers }, { secret: 'not the secret' });
    const error = refusalOf(() => verifySignature(request, rules, nowMs));
    expect(error.fields.CanonicalRequest).toContain(`${names[0]}:(not shown)\n`);
    expect(everythingIn(error)).not.toContain(key);
  });

  it('repeat little of an Authorization header that is not one', async () => {
    const request = await signedByHeader({});
    const token = `secret-token-${'x'.repeat(500)}`;
    for (const value of [`Bearer ${token}`, token]) {
      const error = refusalOf(() =>
        verifySignature(
          withHeader(request, 'authorization', () => value),
          rules,
          nowMs,
        ),
      );
      expect(everythingIn(error).length).toBeLessThan(300);
    }
  });

  it('repeat nothing that a document or a log line could not hold', async () => {
    const request = await signedByQuery({});
    for (const name of ['Signature', 'Credential', 'Algorithm', 'Date', 'Expires', 'SignedHeaders']) {
      for (const value of ['%00', '%0d%0aInjected:%20x', '%1b%5b2J', 'a%2f%0a%2f%0a%2f%0a%2f%0a']) {
        const error = refusalOf(() => verifySignature(withParameter(request, `X-Amz-${name}`, value), rules, nowMs));
        const shown = [error.message, ...Object.values(error.fields)].join('').replaceAll('\n', '');
        expect(/[^\x20-\x7e]/.test(shown), `${name}=${value}`).toBe(false);
        expect(error.message).not.toContain('\n');
      }
    }
  });

  it('of chunks tell nothing but that the signature is wrong', () => {
    const signer = new BodySigner({ ...seed, signature: 'cd'.repeat(32) });
    const decoder = new ChunkedDecoder({ decodedLength: 5, seed, trailers: false });
    const error = refusalOf(() => decoder.feed(signer.chunk(Buffer.from('hello'))));
    expect([error.code, error.fields]).toEqual(['SignatureDoesNotMatch', {}]);
  });
});
