import { describe, expect, it } from 'vitest';
import { S3Error } from '../../src/s3-protocol/errors/s3-error.ts';
import { operations } from '../../src/s3-protocol/routes/find-operation.ts';
import { routeRequest } from '../../src/s3-protocol/routes/route-request.ts';
import { readUserMetadata } from '../../src/s3-protocol/routes/user-metadata.ts';
import { noteFault } from '../support/fault-log.ts';

// P04, A17: what is the gateway's own, in metadata and under keys, no client can name, however it is written.

type Headers = readonly (readonly [name: string, value: string])[];

function outcomeOf(act: () => unknown): string {
  try {
    act();
    return 'accepted';
  } catch (error) {
    if (error instanceof S3Error) return `${error.status} ${error.code}`;
    throw error;
  }
}

const put = (headers: Headers, query = '') =>
  readUserMetadata(routeRequest({ method: 'PUT', target: `/bucket/key${query}`, headers }).headers);

describe('P04: metadata', () => {
  it('of more than two kilobytes is refused', () => {
    const many = Array.from(
      { length: 100 },
      (_, i) => [`x-amz-meta-k${String(i).padStart(3, '0')}`, 'v'.repeat(17)] as const,
    );
    expect(outcomeOf(() => put(many))).toBe('400 MetadataTooLarge');
    expect(outcomeOf(() => put(many.slice(0, 90)))).toBe('accepted');
    noteFault({ id: 'P04', injected: '2,100 bytes of metadata', reached: 1, outcome: '400 MetadataTooLarge' });
  });

  it('under the gateway’s names is refused', () => {
    const attempts = [
      () => put([['x-amz-meta-sealpart-record', 'forged']]),
      () => put([['X-Amz-Meta-Sealpart-Record', 'forged']]),
      () => put([['x-amz-meta-SEALPART-', '']]),
      () => put([], '?X-Amz-Signature=0&x-amz-meta-sealpart-record=forged'),
      () => put([], '?X-Amz-Signature=0&X-AMZ-META-%53ealpart-record=forged'),
    ];
    expect(attempts.map(outcomeOf)).toEqual(attempts.map(() => '400 InvalidArgument'));
    noteFault({
      id: 'P04',
      injected: 'metadata that only the gateway writes',
      reached: attempts.length,
      outcome: '400 InvalidArgument',
    });
  });
});

describe('A17: keys of the gateway', () => {
  it('are refused to every operation on objects, however they are written', () => {
    const written = ['.sealpart/held/u/1', '%2Esealpart/x', '.sealpart%2Fx', '%2e%73ealpart%2f', '.sealpart//'];
    const onObjects = operations.filter(
      ({ level, treatment }) => level === 'object' && treatment !== 'not-implemented',
    );
    let reached = 0;
    for (const { method, selectors, name } of onObjects) {
      for (const key of written) {
        const target = `/bucket/${key}?${selectors.join('&')}`;
        expect(
          outcomeOf(() => routeRequest({ method, target, headers: [] })),
          `${name} ${key}`,
        ).toBe('403 AccessDenied');
        reached += 1;
      }
      const target = `/bucket/a/.sealpart/x?${selectors.join('&')}`;
      expect(
        outcomeOf(() => routeRequest({ method, target, headers: [] })),
        name,
      ).toBe('accepted');
    }
    noteFault({ id: 'A17', injected: 'operations on keys of the gateway', reached, outcome: '403 AccessDenied' });
  });
});
