import { Command } from 'commander';
import { segmentHeaderLength } from '../format/segment-header.ts';
import { layouts } from '../format/stream-parameters.ts';
import type { ObjectHead, ObjectName } from '../objects/object-store.ts';
import { firstRangeReadBytes } from '../pipelines/get-object.ts';
import { openObjectInput } from '../pipelines/object-input.ts';
import { readUnopened, type UnopenedStream, walkSegments } from '../pipelines/walk-segments.ts';
import type { WireInput } from '../pipelines/wire-input.ts';
import { isSeekable } from '../sources/seekable.ts';
import type { CliContext } from './cli-context.ts';
import { inputText } from './command-text.ts';
import { bindingOf, headerFacts, headerLines } from './describe-header.ts';
import { forwardInput } from './forward-input.ts';
import { countText, exactBytesText } from './human-numbers.ts';
import { jsonLine, oneLine } from './one-line.ts';
import { openEncryptedInput, withInput } from './open-input.ts';
import { isStoreUrl, parseObjectUrl, urlShapes } from './parse-store-url.ts';
import { Report } from './report.ts';
import { addReportFlags, type ReportFlags } from './run-flags.ts';
import { RowWindow, segmentRow, tableHead, tableLine } from './segment-table.ts';
import { addStoreFlags, type StoreFlags } from './store-flags.ts';
import { StoredParts } from './stored-parts.ts';
import { type TextSink, withText } from './text-sink.ts';
import { objectUrlText, placeText, withStore } from './with-store.ts';

interface InspectFlags extends StoreFlags, ReportFlags {
  readonly all?: boolean;
}

const examples = `
Examples:
  sealpart inspect photos.tar.sealpart
  sealpart inspect dir:/srv/store//backup/photos.tar --json

Needs no key, and believes nobody: what it shows is what the stream says of itself, and verify with a key says whether
that is true. Of an object it also compares the segments with the parts that the store keeps, where a store tells (on S3
only some do). With --json: a line for the header, one for each segment, one for the whole.`;

/** Rows at the beginning of a table, and at its end, unless all are asked for. */
const shownRows = 8;

export function inspectCommand(context: CliContext): Command {
  const command = new Command('inspect')
    .summary('show header, recipients and segments')
    .description('Shows what an encrypted stream says of itself: header, recipients, context, segments.')
    .argument('<in>', `an encrypted file, -: standard input, or an object: ${urlShapes}`)
    .option('--all', 'every segment, not only the first and the last ones');
  return addReportFlags(addStoreFlags(command))
    .addHelpText('after', examples)
    .action((input: string, flags: InspectFlags) => inspect(input, flags, context));
}

/** Where the stream was found, and what else is known of it there. */
interface Found {
  readonly object?: ObjectName;
  /** Sizes of the parts that the store keeps, if it tells; one if it was put whole. */
  readonly partSizesBytes?: readonly number[];
}

async function inspect(path: string, flags: InspectFlags, context: CliContext): Promise<void> {
  const report = new Report('inspect', flags, context);
  const { signal } = context;
  if (!isStoreUrl(path)) {
    const subject = { input: inputText(path) };
    report.start({ subject, text: subject.input });
    return withInput(await openEncryptedInput(path, context), (input) =>
      show(isSeekable(input) ? input : forwardInput(input), {}, flags, report, context),
    );
  }
  const location = parseObjectUrl(path);
  const object = { bucket: location.bucket, key: location.key };
  return withStore(location, { flags }, context, async (store) => {
    const subject = { store: store.name, input: objectUrlText(store, location) };
    report.start({ subject, text: placeText(store, location) });
    let partSizesBytes: readonly number[] | undefined;
    const onHead = (head: ObjectHead): void => {
      partSizesBytes = head.partSizesBytes ?? (isOfParts(head) ? undefined : [head.sizeBytes]);
    };
    const opened = await openObjectInput(store, object, firstRangeReadBytes, { onHead }, signal);
    return withInput(opened, (input) =>
      show(input, { object, ...(partSizesBytes === undefined ? {} : { partSizesBytes }) }, flags, report, context),
    );
  });
}

/** An ETag of several parts ends with their number, by which S3 servers tell no sizes. */
function isOfParts({ etag }: ObjectHead): boolean {
  return /-\d+$/.test(etag);
}

async function show(
  input: WireInput,
  found: Found,
  flags: InspectFlags,
  report: Report,
  { streams, signal }: CliContext,
): Promise<void> {
  const stream = await readUnopened(input, signal);
  const binding = bindingOf(stream.header, found.object);
  await withText(streams.openStandardOutput(), signal, async (text) => {
    if (report.json) {
      await text.line(jsonLine({ stream: headerFacts(stream.header, binding) }));
    } else {
      for (const line of headerLines(stream.header, binding)) await text.line(oneLine(line));
      await text.line('');
    }
    await showSegments(text, input, stream, found, flags, signal);
  });
}

async function showSegments(
  text: TextSink,
  input: WireInput,
  stream: UnopenedStream,
  { partSizesBytes }: Found,
  flags: InspectFlags,
  signal: AbortSignal,
): Promise<void> {
  const indexed = stream.header.core.parameters.layout === layouts.indexed;
  const parts = partSizesBytes === undefined ? undefined : new StoredParts(partSizesBytes, !indexed);
  const json = flags.json === true;
  const totals = { segments: 0, contentBytes: 0, encryptedBytes: stream.trailerBytes + stream.firstSegment };
  const rows = new RowWindow(flags.all === true ? Number.POSITIVE_INFINITY : shownRows, (line) => text.line(line));
  if (!json) await text.line(tableHead(parts !== undefined));
  for await (const { header, position } of walkSegments(input, stream, signal)) {
    // The stream header belongs to the first segment's part.
    const start = totals.segments === 0 ? 0 : position;
    const end = position + segmentHeaderLength + header.wireLength;
    const row = segmentRow(header, indexed, parts?.accept(header.segmentIndex, start, end));
    if (json) await text.line(jsonLine({ segment: row }));
    else await rows.add(tableLine(row, parts !== undefined));
    totals.segments++;
    totals.encryptedBytes += row.wireBytes;
    if (!row.flags.includes('INDEX')) totals.contentBytes += row.contentBytes;
  }
  if (json) {
    await text.line(jsonLine({ total: { ...totals, ...partsFacts(parts) } }));
    return;
  }
  await rows.end();
  await text.line('');
  await text.line(totalLine(totals));
  if (parts !== undefined) await text.line(partsLine(parts));
}

function totalLine(totals: { segments: number; contentBytes: number; encryptedBytes: number }): string {
  const { segments, contentBytes, encryptedBytes } = totals;
  const sizes = `${exactBytesText(contentBytes)} of content in ${exactBytesText(encryptedBytes)}`;
  return `total        ${countText(segments, 'segment')}, ${sizes}; nothing of this was authenticated`;
}

function partsFacts(parts: StoredParts | undefined): Record<string, unknown> {
  if (parts === undefined) return {};
  const difference = parts.difference();
  return { parts: parts.count, partsAgree: difference === undefined, ...(difference ? { difference } : {}) };
}

function partsLine(parts: StoredParts): string {
  const difference = parts.difference();
  const count = countText(parts.count, 'part');
  return `parts        ${count} in the store, ${difference === undefined ? 'which agree with the segments' : `NOT as the segments: ${difference}`}`;
}
