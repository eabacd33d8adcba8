import { createSecretKey } from 'node:crypto';
import { FreshSalts } from '../../src/crypto/fresh-salts.ts';
import { StreamKeys } from '../../src/crypto/key-schedule.ts';
import { Turnstile } from '../../src/flow/turnstile.ts';
import { concatBytes } from '../../src/format/bytes.ts';
import { parseFields } from '../../src/format/header-fields.ts';
import { type IndexEntry, maxSegmentsPerPart, partNumberOf } from '../../src/format/index-entries.ts';
import { contentOffset } from '../../src/format/schedule.ts';
import { layouts } from '../../src/format/stream-parameters.ts';
import { assembleHeader, coreOf, type SealedHeader } from '../../src/keys/seal-header.ts';
import { encryptSegments, scheduledNumbering } from '../../src/pipelines/encrypt-segments.ts';
import { encryptPart, sealIndexedTail } from '../../src/pipelines/indexed-stream.ts';
import { Telemetry } from '../../src/pipelines/telemetry.ts';
import type { EncryptedSegment } from '../../src/segments/encrypt-segment.ts';
import type { StreamCrypto } from '../../src/segments/stream-crypto.ts';
import { createMemorySource } from '../../src/sources/memory-source.ts';
import type { FramePool } from '../../src/workers/frame-pool.ts';
import { type AcceptVector, hexBytes, parametersOf } from './vector.ts';

const signal = new AbortController().signal;

export interface WrittenStream {
  readonly stream: Uint8Array;
  readonly streamDigest: Uint8Array;
}

interface Writing {
  readonly vector: AcceptVector;
  readonly content: Uint8Array;
  readonly pool: FramePool;
  readonly sealed: SealedHeader;
  readonly stream: StreamCrypto;
  readonly salts: FreshSalts;
}

/** Writes a vector's stream from its content and everything that is random in it. */
export async function writeAgain(vector: AcceptVector, content: Uint8Array, pool: FramePool): Promise<WrittenStream> {
  const { writer } = vector;
  const parameters = parametersOf(vector);
  const dataKey = createSecretKey(hexBytes(writer.dek));
  const streamSecrets = { dataKey, streamId: hexBytes(writer.stream_id), salt: hexBytes(writer.salt) };
  const keys = new StreamKeys(dataKey, streamSecrets.salt);
  const sealed = assembleHeader(coreOf(parameters, streamSecrets, keys), keys, parseFields(hexBytes(writer.fields)));
  const stream = { parameters, keys, coreHash: sealed.coreHash };
  const recorded = writer.segment_salts.values();
  const salts = new FreshSalts(() => hexBytes(recorded.next().value!));
  const writing = { vector, content, pool, sealed, stream, salts };
  return parameters.layout === layouts.scheduled ? writeScheduled(writing) : writeIndexed(writing);
}

function runOf({ pool, stream, salts }: Writing, content: Uint8Array) {
  const source = createMemorySource(content);
  return { pool, stream, source, salts, segmentsInFlight: 3, telemetry: new Telemetry(), minPartBytes: 0 };
}

/** Collects segments in their order, whatever order they come in. */
function collector(): { pieces: Uint8Array[]; emit: (segment: EncryptedSegment, turn: number) => Promise<void> } {
  const pieces: Uint8Array[] = [];
  const turns = new Turnstile();
  return {
    pieces,
    async emit({ bytes }, turn) {
      await turns.enter(turn, signal);
      pieces.push(bytes.slice());
      turns.leave(turn);
    },
  };
}

async function writeScheduled(writing: Writing): Promise<WrittenStream> {
  const { stream, sealed, content } = writing;
  const { pieces, emit } = collector();
  const numbering = scheduledNumbering(stream.parameters, Number.POSITIVE_INFINITY);
  const run = { ...runOf(writing, content), numbering };
  const done = await encryptSegments({ ...run, emit: (s) => emit(s, s.facts.segmentIndex) }, signal);
  return { stream: concatBytes(sealed.header.bytes, ...pieces), streamDigest: done.streamDigest! };
}

async function writeIndexed(writing: Writing): Promise<WrittenStream> {
  const { vector, content, stream, sealed, salts } = writing;
  const listed = vector.segments.slice(0, -1);
  const partNumbers = [...new Set(listed.map((s) => partNumberOf(s.segment_index)))];
  const pieces: Uint8Array[] = [];
  const entries: IndexEntry[] = [];
  let offset = 0;
  for (const partNumber of partNumbers) {
    const lengths = listed.filter((s) => partNumberOf(s.segment_index) === partNumber).map((s) => s.content_len);
    const length = lengths.reduce((sum, each) => sum + each, 0);
    const part = collector();
    const run = runOf(writing, content.subarray(offset, offset + length));
    const made = await encryptPart(
      {
        ...run,
        partNumber,
        capacity: (k) => lengths[k]!,
        emit: (s) => part.emit(s, s.facts.segmentIndex % maxSegmentsPerPart),
      },
      signal,
    );
    entries.push(...made);
    pieces.push(...part.pieces);
    offset += length;
  }
  const tail = await sealIndexedTail(stream, sealed.header, entries, salts, signal);
  return { stream: concatBytes(...pieces, tail.bytes), streamDigest: tail.streamDigest };
}

/** Content before segment `index` of a vector's stream: what may have been released when that segment is refused. */
export function contentBefore(vector: Parameters<typeof parametersOf>[0], index: number): number {
  return contentOffset(parametersOf(vector), index);
}
