import { createSecretKey, type KeyObject } from 'node:crypto';
import { FreshSalts } from '../../src/crypto/fresh-salts.ts';
import { coreHashOf, StreamKeys } from '../../src/crypto/key-schedule.ts';
import { Turnstile } from '../../src/flow/turnstile.ts';
import { concatBytes } from '../../src/format/bytes.ts';
import type { HeaderField } from '../../src/format/header-fields.ts';
import { type IndexEntry, maxSegmentsPerPart } from '../../src/format/index-entries.ts';
import type { StreamParameters } from '../../src/format/stream-parameters.ts';
import { keyFileIdentity } from '../../src/keys/key-file.ts';
import { keyFileId } from '../../src/keys/key-id.ts';
import type { ReaderKeys } from '../../src/keys/open-header.ts';
import { assembleHeader, coreOf, type SealedHeader } from '../../src/keys/seal-header.ts';
import { wrapDataKey } from '../../src/keys/wrap.ts';
import { encryptSegments, scheduledNumbering } from '../../src/pipelines/encrypt-segments.ts';
import { encryptPart, sealIndexedTail } from '../../src/pipelines/indexed-stream.ts';
import { Telemetry } from '../../src/pipelines/telemetry.ts';
import type { EncryptedSegment } from '../../src/segments/encrypt-segment.ts';
import type { StreamCrypto } from '../../src/segments/stream-crypto.ts';
import { createMemorySource } from '../../src/sources/memory-source.ts';
import type { Source } from '../../src/sources/source.ts';
import { createFramePool, type FramePool } from '../../src/workers/frame-pool.ts';
import { randomLooking, seededEntropy } from './content.ts';

/** A signal that never fires. */
export const calm: AbortSignal = new AbortController().signal;

export const kek: KeyObject = createSecretKey(Buffer.alloc(32, 0x6b));
export const access: ReaderKeys = { identities: [keyFileIdentity(kek)] };

/** The smallest that the format allows, with a header of 512 bytes, unless told. */
export function parametersOf(chosen: Partial<StreamParameters> = {}): StreamParameters {
  const segmentSizeLog2 = chosen.segmentSizeLog2 ?? 14;
  return {
    suite: 1,
    digestAlg: 2,
    layout: 0,
    frameSizeLog2: 12,
    segmentSizeLog2,
    segmentSizeMaxLog2: segmentSizeLog2,
    compression: 0,
    growEvery: 0,
    headerLen: 512,
    ...chosen,
  };
}

/** A pool without threads, large enough for every small stream. */
export function inlinePool(bytes: number = 4 * 2 ** 20): FramePool {
  return createFramePool({ workers: 0, plainBytes: bytes, wireBytes: bytes });
}

/** A sealed header of which nothing is random. */
export function sealedHeader(
  parameters: StreamParameters,
  seed: number | string,
  otherFields: readonly HeaderField[] = [],
): SealedHeader & StreamCrypto {
  const secrets = {
    dataKey: createSecretKey(randomLooking(32, `${seed} dek`)),
    streamId: randomLooking(16, `${seed} id`),
    salt: randomLooking(32, `${seed} salt`),
  };
  const keys = new StreamKeys(secrets.dataKey, secrets.salt);
  const core = coreOf(parameters, secrets, keys);
  const nonce = randomLooking(12, `${seed} nonce`);
  const context = { streamId: secrets.streamId, coreHash: coreHashOf(core) };
  const wrapped = wrapDataKey('keyFile', kek, nonce, secrets.dataKey, context);
  const recipient = { kind: 'keyFile', keyId: keyFileId(kek), nonce, wrapped } as const;
  return { ...assembleHeader(core, keys, [recipient, ...otherFields]), parameters };
}

/** A stream in its pieces, so that a test can take it apart. */
export interface MadeStream {
  readonly sealed: SealedHeader & StreamCrypto;
  readonly content: Uint8Array;
  readonly header: Uint8Array;
  /** Without the index segment of layout 1. */
  readonly segments: readonly Uint8Array[];
  /** Layout 1: index segment, header and footer. */
  readonly tail: Uint8Array;
  /** All of it. */
  readonly bytes: Uint8Array;
  readonly streamDigest: Uint8Array;
}

export interface MakeOptions {
  readonly seed?: number | string;
  /** Of the segment salts, where another attempt at the same stream is wanted. */
  readonly saltSeed?: number | string;
  readonly pool?: FramePool;
  readonly otherFields?: readonly HeaderField[];
  /** Where the content comes from, instead of memory. */
  readonly sourceOf?: (content: Uint8Array) => Source;
}

interface Making extends Required<Pick<MakeOptions, 'pool' | 'sourceOf'>> {
  readonly sealed: SealedHeader & StreamCrypto;
  readonly salts: FreshSalts;
}

function makingOf(parameters: StreamParameters, options: MakeOptions): Making {
  const { seed = 1, pool = inlinePool(), sourceOf = (content) => createMemorySource(content) } = options;
  const sealed = sealedHeader(parameters, seed, options.otherFields);
  const salts = new FreshSalts(seededEntropy(`${options.saltSeed ?? seed} salts`));
  return { sealed, pool, sourceOf, salts };
}

function runOf({ sealed, pool, salts, sourceOf }: Making, content: Uint8Array) {
  const source = sourceOf(content);
  return { pool, stream: sealed, source, salts, segmentsInFlight: 3, telemetry: new Telemetry(), minPartBytes: 0 };
}

/** Collects segments in their order, whatever order they come in. */
function collector(turnOf: (segment: EncryptedSegment) => number) {
  const pieces: Uint8Array[] = [];
  const turns = new Turnstile();
  return {
    pieces,
    async emit(segment: EncryptedSegment, signal: AbortSignal): Promise<void> {
      await turns.enter(turnOf(segment), signal);
      pieces.push(segment.bytes.slice());
      turns.leave(turnOf(segment));
    },
  };
}

/** A whole stream of layout 0, of which nothing is random but the seed. */
export async function makeScheduled(
  content: Uint8Array,
  parameters: StreamParameters = parametersOf(),
  options: MakeOptions = {},
): Promise<MadeStream> {
  const making = makingOf(parameters, options);
  const { pieces, emit } = collector(({ facts }) => facts.segmentIndex);
  const numbering = scheduledNumbering(parameters, Number.POSITIVE_INFINITY);
  const done = await encryptSegments({ ...runOf(making, content), numbering, emit }, calm);
  const header = making.sealed.header.bytes;
  const bytes = concatBytes(header, ...pieces);
  const tail = new Uint8Array(0);
  return { sealed: making.sealed, content, header, segments: pieces, tail, bytes, streamDigest: done.streamDigest! };
}

/** A part of layout 1: its number, and the content of its segments. */
export interface MadePart {
  readonly partNumber: number;
  readonly lengths: readonly number[];
}

export async function makeIndexed(
  content: Uint8Array,
  parts: readonly MadePart[],
  parameters: StreamParameters = parametersOf({ layout: 1 }),
  options: MakeOptions = {},
): Promise<MadeStream> {
  const making = makingOf(parameters, options);
  const segments: Uint8Array[] = [];
  const entries: IndexEntry[] = [];
  let offset = 0;
  for (const { partNumber, lengths } of parts) {
    const length = lengths.reduce((sum, each) => sum + each, 0);
    const { pieces, emit } = collector(({ facts }) => facts.segmentIndex % maxSegmentsPerPart);
    const run = runOf(making, content.subarray(offset, offset + length));
    entries.push(...(await encryptPart({ ...run, partNumber, capacity: (k) => lengths[k]!, emit }, calm)));
    segments.push(...pieces);
    offset += length;
  }
  const { sealed, salts } = making;
  const tail = await sealIndexedTail(sealed, sealed.header, entries, salts, calm);
  const bytes = concatBytes(...segments, tail.bytes);
  const { streamDigest } = tail;
  return { sealed, content, header: sealed.header.bytes, segments, tail: tail.bytes, bytes, streamDigest };
}
