import { expect, it } from 'vitest';
import { FreshSalts } from '../../src/crypto/fresh-salts.ts';
import { type IndexEntry, partSegmentIndex } from '../../src/format/index-entries.ts';
import { totalLengthOf } from '../../src/format/segment-header.ts';
import { sealIndexedTail } from '../../src/pipelines/indexed-stream.ts';
import { openIndexedTail } from '../../src/pipelines/open-indexed-tail.ts';
import { wireInputOf } from '../../src/pipelines/wire-input.ts';
import { seededEntropy } from '../support/content.ts';
import { sparseSource } from '../support/sparse-source.ts';
import { access, calm, parametersOf, sealedHeader } from '../support/streams.ts';

/** Entries as many parts of at most 65,536 segments of a byte make them. */
function entriesOf(count: number): IndexEntry[] {
  const totalLength = totalLengthOf(1, 16);
  const salt = new Uint8Array(16).fill(1);
  return Array.from({ length: count }, (_, i) => ({
    segmentIndex: partSegmentIndex(1 + Math.floor(i / 65_536), i % 65_536),
    contentLength: 1,
    totalLength,
    salt,
    digest: new Uint8Array(32).fill(i),
  }));
}

/** More than fit on the stack as arguments. Of 2^20, which is the most, it takes five seconds. */
const count = 200_000;

it('an index of very many entries is sealed and opened (§7)', { timeout: 60_000 }, async () => {
  const entries = entriesOf(count);
  const sealed = sealedHeader(parametersOf({ layout: 1, frameSizeLog2: 16, segmentSizeLog2: 20 }), 'large index');
  const salts = new FreshSalts(seededEntropy('large index'));
  const tail = await sealIndexedTail(sealed, sealed.header, entries, salts, calm);
  const size = entries.length * entries[0]!.totalLength + tail.bytes.length;
  const input = wireInputOf(sparseSource(new Uint8Array(0), size, tail.bytes));
  const { index } = await openIndexedTail(input, size, access, calm);
  expect(index?.entries.length).toBe(count);
  expect(Buffer.compare(index!.streamDigest, tail.streamDigest)).toBe(0);
});
