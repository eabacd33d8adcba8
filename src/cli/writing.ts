import { toHex } from '../format/bytes.ts';
import type { EncryptResult } from '../pipelines/encrypt-stream.ts';
import type { Telemetry } from '../pipelines/telemetry.ts';
import { digestLine, doneText, roundedSeconds } from './command-text.ts';
import { countText } from './human-numbers.ts';
import type { ProgressReading } from './progress.ts';
import type { Result } from './report.ts';

/** How far a run that encrypts is, in bytes of content. */
export function encryptedSoFar(telemetry: Telemetry): ProgressReading {
  const { contentBytes, segmentsInFlight } = telemetry.snapshot();
  return { bytes: contentBytes, segmentsInFlight };
}

/** What is said of a stream that was written. */
export function writtenResult(
  { contentLength, segments, streamId, streamDigest }: EncryptResult,
  seconds: number,
): Result {
  return {
    lines: [
      `${doneText('encrypted', contentLength, seconds)}, ${countText(segments, 'segment')}`,
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
