import { performance } from 'node:perf_hooks';
import { describe, expect, it } from 'vitest';
import type { RawRequest } from '../../src/s3-protocol/signature/raw-request.ts';
import { deriveSigningKey, equalSignature, sign } from '../../src/s3-protocol/signature/signing-key.ts';
import { SigningKeys } from '../../src/s3-protocol/signature/signing-keys.ts';
import { verifySignature } from '../../src/s3-protocol/signature/verify-signature.ts';
import { codeOf } from '../s3-protocol/refusal-of.ts';
import { nowMs, rules, secretAccessKey, signedByHeader, withHeader } from '../s3-protocol/sdk-signer.ts';
import { noteFault } from '../support/fault-log.ts';

// A14: how long a refusal takes must not tell how nearly right a signature was, nor whether the access key exists.

function medianMicroseconds(samples: number[]): number {
  return samples.sort((a, b) => a - b)[Math.floor(samples.length / 2)]!;
}

describe('A14: the comparison of signatures', () => {
  it('never throws, whatever is given as a signature', async () => {
    const request = await signedByHeader({ method: 'PUT' });
    const right = /Signature=([0-9a-f]{64})$/.exec(request.headers.find(([name]) => name === 'authorization')![1])![1]!;
    const given = [
      ...['0', '0'.repeat(63), '0'.repeat(65), '0'.repeat(128), '0'.repeat(10_000), right.slice(0, 63), `${right}0`],
      ...[
        right.toUpperCase(),
        `${right.slice(0, 62)}zz`,
        `${right.slice(0, 63)} x`,
        '\u00e9'.repeat(32),
        '%00',
        'null',
        'undefined',
      ],
      ...['[object Object]', right.split('').reverse().join('')],
    ];
    for (const signature of given) {
      const wrong = withHeader(request, 'authorization', (text) => text.replace(right, signature));
      expect(
        codeOf(() => verifySignature(wrong, rules, nowMs)),
        signature.slice(0, 80),
      ).toBe('403 SignatureDoesNotMatch');
    }
    const key = deriveSigningKey(secretAccessKey, { date: '20260930', region: 'eu-central-1' });
    const computed = sign(key, 'x');
    expect(equalSignature(computed, computed.toString('hex'))).toBe(true);
    expect(equalSignature(computed, '')).toBe(false);
    // What is not hex is compared as zeros: it must not pass where zeros are right.
    expect(equalSignature(Buffer.alloc(32), 'x')).toBe(false);
    noteFault({ id: 'A14', injected: 'signatures that are none', reached: given.length, outcome: '403, no throw' });
  });

  it.each([
    ['derived anew', rules],
    ['kept', { ...rules, signingKeys: new SigningKeys() }],
  ])(
    'takes as long for a wrong first digit as for a wrong last one, and for an unknown key, with keys %s',
    async (_, timed) => {
      const request = await signedByHeader({ method: 'PUT' });
      const change = (at: RegExp) =>
        withHeader(request, 'authorization', (text) => text.replace(at, (digit) => (digit === '0' ? '1' : '0')));
      const kinds: Record<string, RawRequest> = {
        first: change(/(?<=Signature=)[0-9a-f]/),
        last: change(/[0-9a-f]$/),
        unknown: await signedByHeader({ method: 'PUT' }, { accessKeyId: 'AKIDEXAMPLF' }),
      };
      const samples: Record<string, number[]> = { first: [], last: [], unknown: [] };
      // In turns, so that what the machine does meanwhile meets all of them alike.
      for (let round = 0; round < 3000; round++) {
        for (const [kind, wrong] of Object.entries(kinds)) {
          const start = performance.now();
          codeOf(() => verifySignature(wrong, timed, nowMs));
          if (round >= 500) samples[kind]!.push((performance.now() - start) * 1000);
        }
      }
      const [first, last, unknown] = ['first', 'last', 'unknown'].map((kind) => medianMicroseconds(samples[kind]!));
      // Skipping the key's derivation would halve the time; an early end of the comparison could not be seen from here.
      expect(Math.abs(first! - last!) / last!).toBeLessThan(0.5);
      expect(unknown! / last!).toBeGreaterThan(0.65);
      noteFault({
        id: 'A14',
        injected: 'refusals timed',
        reached: samples.first!.length,
        outcome: 'one class of time',
      });
    },
  );
});
