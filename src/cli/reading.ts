import { toHex } from '../format/bytes.ts';
import type { HeaderField } from '../format/header-fields.ts';
import type { BoundName } from '../keys/header-contents.ts';
import type { ReaderKeys } from '../keys/open-header.ts';
import type { ContentRange } from '../pipelines/content-range.ts';
import type { DecryptResult, ReadOptions } from '../pipelines/decrypt-stream.ts';
import type { ObjectReadOptions } from '../pipelines/object-input.ts';
import { Telemetry } from '../pipelines/telemetry.ts';
import type { CliContext } from './cli-context.ts';
import { digestLine, doneText, roundedSeconds } from './command-text.ts';
import { type ReadFlags, readOptions } from './read-flags.ts';
import { readReaderKeys } from './read-keys.ts';
import type { Report, Result, Start } from './report.ts';
import { type MachineFlags, machineOptions } from './run-flags.ts';

/** What every pipeline that reads takes, but where from and where to. */
export interface Reading extends ReadOptions {
  readonly access: ReaderKeys;
  readonly telemetry: Telemetry;
}

/**
 * Reads the keys and says how to read.
 *
 * @param objectName the name that the stream must be bound to, if it must be
 * @throws UsageError, SealpartError `bad-key`
 */
export async function prepareReading(
  flags: ReadFlags & MachineFlags,
  objectName: BoundName | undefined,
  context: CliContext,
): Promise<Reading> {
  const keys = await readReaderKeys(flags, context);
  const access = objectName === undefined ? keys : { ...keys, objectName };
  return { access, ...readOptions(flags), ...machineOptions(flags), telemetry: new Telemetry() };
}

/**
 * Says the first line as soon as the run knows its memory, and how far it is from then on.
 *
 * @param totalBytes what all of the input comes to, asked for when that line is said
 */
export function announce(
  report: Report,
  start: Pick<Start, 'subject' | 'text'>,
  reading: Reading,
  totalBytes: () => number | undefined,
): Pick<ReadOptions, 'onPlan'> {
  const { telemetry } = reading;
  return {
    onPlan: ({ peakBytes }) => {
      const read = (): { bytes: number; segmentsInFlight: number } => {
        const { wireBytes, segmentsInFlight } = telemetry.snapshot();
        return { bytes: wireBytes, segmentsInFlight };
      };
      report.start({ ...start, peakBytes, progress: { totalBytes: totalBytes(), read } });
    },
  };
}

/** The same for an object, whose size is known when its store has answered for the first time. */
export function announceObject(
  report: Report,
  start: Pick<Start, 'subject' | 'text'>,
  reading: Reading,
): Pick<ReadOptions, 'onPlan'> & Pick<ObjectReadOptions, 'onHead'> {
  let sizeBytes: number | undefined;
  return {
    ...announce(report, start, reading, () => sizeBytes),
    onHead: (head) => {
      sizeBytes = head.sizeBytes;
    },
  };
}

/** What is said of a stream that was read whole. */
export function wholeResult(
  done: string,
  { contentLength, streamDigest, fields }: DecryptResult,
  seconds: number,
): Result {
  return {
    lines: [doneText(done, contentLength, seconds), digestLine(streamDigest)],
    facts: {
      contentBytes: contentLength,
      streamDigest: toHex(streamDigest),
      context: contextOf(fields),
      seconds: roundedSeconds(seconds),
    },
  };
}

/** What is said of a range that was read. */
export function rangeResult({ first, last }: ContentRange, seconds: number): Result {
  const bytes = last - first + 1;
  return {
    lines: [`${doneText('decrypted', bytes, seconds)}: bytes ${first} to ${last}`],
    facts: { contentBytes: bytes, range: { first, last }, seconds: roundedSeconds(seconds) },
  };
}

/** The context entries of a header, as JSON has them. */
export function contextOf(fields: readonly HeaderField[]): Record<string, string> {
  return Object.fromEntries(
    fields.filter((field) => field.kind === 'context').map(({ name, value }): [string, string] => [name, value]),
  );
}
