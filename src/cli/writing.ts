import { toHex } from '../format/bytes.ts';
import type { EncryptResult } from '../pipelines/encrypt-stream.ts';
import type { Telemetry } from '../pipelines/telemetry.ts';
import { digestLine, doneText, roundedSeconds } from './command-text.ts';
import { bytesText, countText } from './human-numbers.ts';
import type { ProgressReading } from './progress.ts';
import type { Result } from './report.ts';

/** How far a run that encrypts is, in bytes of content: with those that an earlier run had sent. */
export function encryptedSoFar(telemetry: Telemetry, keptContentBytes = 0): ProgressReading {
  const { contentBytes, segmentsInFlight } = telemetry.snapshot();
  return { bytes: keptContentBytes + contentBytes, segmentsInFlight };
}

/** What is said of a stream that was written, all of it or what an earlier run had left. */
export function writtenResult(
  { contentLength, segments, streamId, streamDigest }: EncryptResult,
  seconds: number,
  keptContentBytes = 0,
): Result {
  const beside = keptContentBytes === 0 ? '' : `, and ${bytesText(keptContentBytes)} before`;
  return {
    lines: [
      `${doneText('encrypted', contentLength - keptContentBytes, seconds)}${beside}, ${countText(segments, 'segment')}`,
      digestLine(streamDigest),
    ],
    facts: {
      contentBytes: contentLength,
      segments,
      streamId: toHex(streamId),
      streamDigest: toHex(streamDigest),
      seconds: roundedSeconds(seconds),
    },
  };
}
