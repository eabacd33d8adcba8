import type { Arbitrary } from 'fast-check';
import type { HeaderField } from '../../src/format/header-fields.ts';
import type { IndexEntry } from '../../src/format/index-entries.ts';
import type { SegmentFacts } from '../../src/format/segment-header.ts';
import type { StreamCore } from '../../src/format/stream-core.ts';
import type { Compression, DigestAlg, Layout, StreamParameters, Suite } from '../../src/format/stream-parameters.ts';
import { fc } from '../support/properties.ts';

export function bytesOf(length: number): Arbitrary<Uint8Array> {
  return fc.uint8Array({ minLength: length, maxLength: length });
}

export interface ParameterLimits {
  readonly layouts?: readonly Layout[];
  readonly compressions?: readonly Compression[];
  readonly maxSegmentSizeLog2?: number;
}

/** Every combination that docs/format.md §1 allows. */
export function parameters(limits: ParameterLimits = {}): Arbitrary<StreamParameters> {
  const { layouts = [0, 1], compressions = [0, 1], maxSegmentSizeLog2 = 30 } = limits;
  return fc
    .record({
      suite: fc.constantFrom<Suite>(1, 2),
      digestAlg: fc.constantFrom<DigestAlg>(1, 2, 3),
      layout: fc.constantFrom(...layouts),
      compressed: fc.constantFrom(...compressions),
      segmentSizeLog2: fc.integer({ min: 14, max: maxSegmentSizeLog2 }),
      frameShare: fc.nat(),
      growth: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 16 })),
      growEvery: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 0xffff })),
      headerShare: fc.nat(),
    })
    .map(({ compressed, frameShare, growth, growEvery, headerShare, ...chosen }): StreamParameters => {
      const { layout, segmentSizeLog2 } = chosen;
      const segmentSizeMaxLog2 =
        layout === 1 ? segmentSizeLog2 : Math.min(maxSegmentSizeLog2, segmentSizeLog2 + growth);
      const mostHeaders = Math.min(32768, 2 ** (segmentSizeLog2 - 1)) / 512;
      return {
        ...chosen,
        compression: layout === 1 ? 0 : compressed,
        frameSizeLog2: 12 + (frameShare % (Math.min(20, segmentSizeLog2) - 11)),
        segmentSizeMaxLog2,
        growEvery: segmentSizeMaxLog2 > segmentSizeLog2 ? growEvery : 0,
        headerLen: 512 * (1 + (headerShare % mostHeaders)),
      };
    });
}

export function cores(): Arbitrary<StreamCore> {
  return fc.record({ parameters: parameters(), streamId: bytesOf(16), salt: bytesOf(32), keyCommit: bytesOf(32) });
}

const someText = fc.string({ unit: 'grapheme', maxLength: 12 });

const contextFields = fc
  .uniqueArray(fc.record({ name: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }), value: someText }), {
    selector: ({ name }) => name,
    maxLength: 4,
  })
  .map((entries) => entries.map((entry): HeaderField => ({ kind: 'context', ...entry })));

const recipient: Arbitrary<HeaderField> = fc.oneof(
  fc.record({ kind: fc.constant('keyFile' as const), keyId: bytesOf(8), nonce: bytesOf(12), wrapped: bytesOf(48) }),
  fc.record({ kind: fc.constant('x25519' as const), enc: bytesOf(32), keyId: bytesOf(8), wrapped: bytesOf(48) }),
  fc.record({
    kind: fc.constant('kms' as const),
    keyArn: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
    ciphertextBlob: fc.uint8Array({ minLength: 1, maxLength: 40 }),
    nonce: bytesOf(12),
    wrapped: bytesOf(48),
  }),
  fc.record({
    kind: fc.constant('opaque' as const),
    type: fc.integer({ min: 0x14, max: 0x3f }),
    value: fc.uint8Array({ maxLength: 40 }),
  }),
);

const passphrase: Arbitrary<HeaderField> = fc.record({
  kind: fc.constant('passphrase' as const),
  log2N: fc.integer({ min: 10, max: 20 }),
  salt: bytesOf(16),
  nonce: bytesOf(12),
  wrapped: bytesOf(48),
});

const single: readonly Arbitrary<HeaderField>[] = [
  fc.record({ kind: fc.constant('generation' as const), generation: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }) }),
  fc.record({ kind: fc.constant('object' as const), nameHash: bytesOf(32) }),
  fc.record({ kind: fc.constant('origin' as const), keyId: bytesOf(8), mac: bytesOf(32) }),
  fc.record({
    kind: fc.constant('opaque' as const),
    type: fc.integer({ min: 0x81, max: 0xff }),
    value: fc.uint8Array({ maxLength: 40 }),
  }),
];

/** Fields of a header that §1 allows, in any order. */
export function fields(): Arbitrary<HeaderField[]> {
  return fc
    .tuple(
      contextFields,
      fc.array(recipient, { minLength: 1, maxLength: 6 }),
      fc.option(passphrase),
      ...single.map((field) => fc.option(field)),
    )
    .map(([context, recipients, ...others]) => [...context, ...recipients, ...others.filter((field) => field !== null)])
    .filter((all) => all.filter(({ kind }) => kind === 'kms').length <= 4);
}

/** Segment headers with lengths that agree, as writers make them. */
export function segmentFacts(): Arbitrary<SegmentFacts> {
  return fc
    .record({
      segmentIndex: fc.integer({ min: 0, max: 0xffffffff }),
      flags: fc.integer({ min: 0, max: 0xffff }),
      digestAlg: fc.constantFrom<DigestAlg>(1, 2, 3),
      compression: fc.constantFrom<Compression>(0, 1),
      contentLength: fc.integer({ min: 0, max: 2 ** 30 }),
      shorter: fc.integer({ min: 1, max: 2 ** 30 }),
      salt: bytesOf(16),
    })
    .map(({ shorter, ...facts }) => ({
      ...facts,
      payloadLength: facts.compression === 0 ? facts.contentLength : Math.max(1, facts.contentLength - shorter),
    }));
}

/** Entries of an index as §7 allows them: parts ascending, k from 0, an empty segment alone in its part. */
export function indexEntries(segmentSizeLog2: number): Arbitrary<IndexEntry[]> {
  const lengths = fc.oneof(
    fc.constant<number[]>([0]),
    fc.array(fc.integer({ min: 1, max: 2 ** segmentSizeLog2 }), { minLength: 1, maxLength: 4 }),
  );
  const parts = fc.uniqueArray(fc.record({ part: fc.integer({ min: 1, max: 10_000 }), lengths }), {
    selector: ({ part }) => part,
    minLength: 1,
    maxLength: 6,
  });
  const evidence = fc.record({
    totalLength: fc.integer({ min: 0, max: 0xffffffff }),
    salt: bytesOf(16),
    digest: bytesOf(32),
  });
  return fc
    .tuple(parts, evidence)
    .map(([chosen, common]) =>
      chosen
        .toSorted((a, b) => a.part - b.part)
        .flatMap(({ part, lengths: each }) =>
          each.map((contentLength, k) => ({ segmentIndex: part * 65_536 + k, contentLength, ...common })),
        ),
    );
}
