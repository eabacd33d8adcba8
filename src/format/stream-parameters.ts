import { SealpartError } from '../errors.ts';

/** docs/format.md §1: 1 = AES-256-GCM, 2 = ChaCha20-Poly1305. */
export type Suite = 1 | 2;
/** docs/format.md §5: 1 = `sha256`, 2 = `sha256-fragments`, 3 = `sha256-tags`. */
export type DigestAlg = 1 | 2 | 3;
/** docs/format.md §2 and §7: 0 = scheduled, 1 = indexed. */
export type Layout = 0 | 1;
/** 0 = none, 1 = zstd. */
export type Compression = 0 | 1;

export const suites = { aesGcm: 1, chacha20Poly1305: 2 } as const;
export const digestAlgs = { sha256: 1, sha256Fragments: 2, sha256Tags: 3 } as const;
export const layouts = { scheduled: 0, indexed: 1 } as const;

/** What is fixed for a stream's whole life beside its random values: bytes 9..19 of the stream header. */
export interface StreamParameters {
  readonly suite: Suite;
  readonly digestAlg: DigestAlg;
  readonly layout: Layout;
  /** F: a full DATA frame holds 2^F bytes of plaintext. */
  readonly frameSizeLog2: number;
  /** S: the first segments have 2^S bytes of content (segment 0 less the stream header). */
  readonly segmentSizeLog2: number;
  /** M: where growing ends. */
  readonly segmentSizeMaxLog2: number;
  readonly compression: Compression;
  /** G: segments after which the segment size doubles; 0 exactly when M = S. */
  readonly growEvery: number;
  /** Bytes of the stream header: a multiple of 512. */
  readonly headerLen: number;
}

export const frameSizeLog2Range = { least: 12, most: 20 } as const;
export const segmentSizeLog2Range = { least: 14, most: 30 } as const;
export const headerLenRange = { least: 512, most: 32768, multipleOf: 512 } as const;

/**
 * Refuses what §1 does not allow, in the order in which the fields stand. Suite, digest, layout and compression are
 * judged before, by their own code.
 *
 * @throws SealpartError `bad-header`
 */
export function judgeParameters(p: StreamParameters): void {
  const f = p.frameSizeLog2;
  const s = p.segmentSizeLog2;
  const m = p.segmentSizeMaxLog2;
  // §1.4.
  check(f >= frameSizeLog2Range.least && f <= frameSizeLog2Range.most, `frame_size_log2 is ${f}, not 12 to 20`);
  check(s >= segmentSizeLog2Range.least && s <= segmentSizeLog2Range.most, `segment_size_log2 is ${s}, not 14 to 30`);
  check(s >= f, `segment_size_log2 ${s} is below frame_size_log2 ${f}`);
  // §1.5.
  check(m >= s && m <= segmentSizeLog2Range.most, `segment_size_max_log2 is ${m}, not ${s} to 30`);
  check(p.layout === layouts.scheduled || m === s, 'an indexed stream has segments of one size');
  check(p.layout === layouts.scheduled || p.compression === 0, 'an indexed stream is not compressed');
  check((p.growEvery === 0) === (m === s), `grow_every is ${p.growEvery} where segments grow from 2^${s} to 2^${m}`);
  check(p.growEvery >= 0 && p.growEvery <= 0xffff, `grow_every is ${p.growEvery}`);
  check(
    // §1.6.
    p.headerLen % headerLenRange.multipleOf === 0 &&
      p.headerLen >= headerLenRange.least &&
      p.headerLen <= headerLenRange.most,
    `header_len is ${p.headerLen}, not a multiple of 512 up to 32768`,
  );
  check(p.headerLen <= 2 ** (s - 1), `header_len ${p.headerLen} is over half of the first segment`);
}

function check(condition: boolean, what: string): void {
  if (!condition) throw new SealpartError('bad-header', `The stream header is not well-formed: ${what}.`);
}
