import { describe, expect, it } from 'vitest';
import { deriveSigningKey } from '../../../src/s3-protocol/signature/signing-key.ts';
import { SigningKeys } from '../../../src/s3-protocol/signature/signing-keys.ts';
import { verifySignature } from '../../../src/s3-protocol/signature/verify-signature.ts';
import { codeOf } from '../refusal-of.ts';
import { accessKeyId, nowMs, rules, secretAccessKey, signedByHeader } from '../sdk-signer.ts';

describe('kept signing keys', () => {
  it('are the ones that would be derived, each for its secret, day and region', () => {
    const keys = new SigningKeys();
    for (const secret of ['a', 'b']) {
      for (const date of ['20260930', '20261001']) {
        for (const region of ['a', 'b']) {
          const first = keys.get(secret, { date, region });
          expect(first.equals(deriveSigningKey(secret, { date, region }))).toBe(true);
          expect(keys.get(secret, { date, region })).toBe(first);
        }
      }
    }
  });

  it('are not more than a few, whatever regions are asked for', () => {
    const keys = new SigningKeys();
    const scope = (i: number) => ({ date: '20260930', region: `r${i}` });
    const first = keys.get('secret', scope(0));
    for (let i = 1; i <= 255; i++) keys.get('secret', scope(i));
    expect(keys.get('secret', scope(0))).toBe(first);
    keys.get('secret', scope(256));
    expect(keys.get('secret', scope(0))).not.toBe(first);
  });

  it('do not let a changed secret pass', async () => {
    const request = await signedByHeader({});
    let secret = secretAccessKey;
    const kept = { ...rules, findSecret: () => secret, signingKeys: new SigningKeys() };
    expect(verifySignature(request, kept, nowMs).accessKeyId).toBe(accessKeyId);
    secret = 'another';
    expect(codeOf(() => verifySignature(request, kept, nowMs))).toBe('403 SignatureDoesNotMatch');
  });
});
