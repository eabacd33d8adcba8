import { sha256 } from '../../src/crypto/sha256.ts';
import { SealpartError } from '../../src/errors.ts';
import { equalBytes, toHex } from '../../src/format/bytes.ts';
import { segmentHeaderLength } from '../../src/format/segment-header.ts';
import { layouts } from '../../src/format/stream-parameters.ts';
import { decryptRange } from '../../src/pipelines/decrypt-range.ts';
import { decryptStream } from '../../src/pipelines/decrypt-stream.ts';
import { verifyStructure } from '../../src/pipelines/verify-structure.ts';
import { readUnopened, walkSegments } from '../../src/pipelines/walk-segments.ts';
import { MemorySink } from '../../src/sinks/memory-sink.ts';
import { createMemorySource } from '../../src/sources/memory-source.ts';
import type { SeekableSource } from '../../src/sources/source.ts';
import { decryptPaths, type Pools } from './decrypt-paths.ts';
import { rangeBudget } from './range-budget.ts';
import { type AcceptVector, contentOf, type Loaded } from './vector.ts';
import { accessOf } from './vector-access.ts';
import { writeAgain } from './write-again.ts';

const signal = new AbortController().signal;

/** @throws Error that says what of the vector does not hold */
export async function checkAccept({ vector, stream }: Loaded<AcceptVector>, pools: Pools): Promise<void> {
  const content = contentOf(vector);
  expect(toHex(sha256(content)) === vector.content.sha256, 'the content that the vector describes');
  for (const path of decryptPaths) await checkPath(vector, stream, content, path, pools);
  await checkRanges(vector, stream, content, pools);
  await checkSegments(vector, stream);
  if (vector.writer.reproducible) {
    for (const pool of [pools.inline, pools.many]) {
      const again = await writeAgain(vector, content, pool);
      expect(equalBytes(again.stream, stream), 'the same bytes when it is written again');
      expect(toHex(again.streamDigest) === vector.stream_digest, 'the same stream digest when it is written again');
    }
  }
}

async function checkPath(
  vector: AcceptVector,
  stream: Uint8Array,
  content: Uint8Array,
  path: (typeof decryptPaths)[number],
  pools: Pools,
): Promise<void> {
  const sink = new MemorySink();
  const request = {
    input: path.input(stream),
    sink,
    access: accessOf(vector.keys, vector.asked),
    pool: pools[path.pool],
  };
  if (!path.seekable && vector.params.layout === layouts.indexed) {
    const refusal = await decryptStream(request, signal).catch((error: unknown) => error);
    expect(refusal instanceof SealpartError && refusal.code === 'not-seekable', `not-seekable (${path.name})`);
    return;
  }
  const result = await decryptStream(request, signal);
  expect(equalBytes(sink.bytes(), content), `its content (${path.name})`);
  expect(result.contentLength === content.length, `its length (${path.name})`);
  expect(toHex(result.streamDigest) === vector.stream_digest, `its stream digest (${path.name})`);
  const context = result.fields.flatMap((field) => (field.kind === 'context' ? [[field.name, field.value]] : []));
  const wanted = Object.entries(vector.context);
  expect(
    context.length === wanted.length && context.every(([name, value]) => vector.context[name!] === value),
    `its context (${path.name})`,
  );
}

async function checkRanges(vector: AcceptVector, stream: Uint8Array, content: Uint8Array, pools: Pools): Promise<void> {
  for (const { first, last, sha256: digest } of vector.ranges) {
    const slice = await readRange(vector, stream, { first, last }, pools);
    expect(toHex(sha256(slice)) === digest, `bytes ${first} to ${last}`);
  }
  if (content.length === 0) return;
  const middle = Math.floor(content.length / 2);
  const openEnded = await readRange(vector, stream, { first: middle }, pools);
  expect(equalBytes(openEnded, content.subarray(middle)), `bytes from ${middle} on`);
  const suffix = await readRange(vector, stream, { suffix: 7 }, pools);
  expect(equalBytes(suffix, content.subarray(Math.max(0, content.length - 7))), 'the last 7 bytes');
}

type RangeAsked = { first: number; last: number } | { first: number } | { suffix: number };

async function readRange(
  vector: AcceptVector,
  stream: Uint8Array,
  range: RangeAsked,
  pools: Pools,
): Promise<Uint8Array> {
  const source = countingSource(stream);
  const sink = new MemorySink();
  const access = accessOf(vector.keys, vector.asked);
  const resolved = await decryptRange({ input: source, sink, access, range, pool: pools.many }, signal);
  const budget = rangeBudget(vector, stream.length, resolved, !('last' in range));
  expect(
    source.readBytes <= budget,
    `at most ${budget} bytes read for ${JSON.stringify(range)}, not ${source.readBytes}`,
  );
  return sink.bytes();
}

function countingSource(bytes: Uint8Array): SeekableSource & { readonly readBytes: number } {
  const inner = createMemorySource(bytes);
  let readBytes = 0;
  return {
    name: inner.name,
    size: inner.size!,
    get readBytes() {
      return readBytes;
    },
    async readAt(position, target, abort) {
      const count = await inner.readAt(position, target, abort);
      readBytes += count;
      return count;
    },
    close: () => inner.close(),
  };
}

/** What can be seen without a key agrees with what the vector lists. */
async function checkSegments(vector: AcceptVector, stream: Uint8Array): Promise<void> {
  const input = createMemorySource(stream);
  const walked = [];
  for await (const { header } of walkSegments(input, await readUnopened(input, signal), signal)) {
    walked.push({
      segment_index: header.segmentIndex,
      content_len: header.contentLength,
      total_len: segmentHeaderLength + header.wireLength,
      segment_salt: toHex(header.salt),
    });
  }
  const listed = vector.segments.map(({ digest: _, ...rest }) => rest);
  expect(JSON.stringify(walked) === JSON.stringify(listed), 'the segments that it lists');
  const report = await verifyStructure(createMemorySource(stream), signal);
  expect(report.contentLength === vector.content.length, 'its structure, without a key');
}

export function expect(holds: boolean, what: string): void {
  if (!holds) throw new Error(`expected ${what}`);
}
