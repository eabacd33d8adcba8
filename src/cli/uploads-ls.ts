import type { SealpartError } from '../errors.ts';
import { endedStates, type UploadItem, type UploadManifest } from '../manifest/upload-manifest.ts';
import type { CliContext } from './cli-context.ts';
import { placeOfUpload } from './find-upload.ts';
import { bytesText } from './human-numbers.ts';
import { damageIn, listKnown } from './known-uploads.ts';
import { type ManifestFlag, manifestPath } from './manifest-flag.ts';
import { jsonLine, oneLine } from './one-line.ts';
import { withManifest } from './open-manifest.ts';
import { Report } from './report.ts';
import type { ReportFlags } from './run-flags.ts';
import { type TextSink, withText } from './text-sink.ts';
import { measureUpload, type Ownership, ownershipOf, type UploadProgress } from './upload-progress.ts';
import { UsageError } from './usage-error.ts';
import { objectUrlText } from './with-store.ts';

export interface LsUploadsFlags extends ManifestFlag, ReportFlags {
  readonly all?: boolean;
}

/** uploads ls. */
export async function listUploads(flags: LsUploadsFlags, context: CliContext): Promise<void> {
  const report = new Report('uploads ls', flags, context);
  const { signal, streams } = context;
  const subject = { manifest: `sqlite:${requireManifest(flags, context)}` };
  report.start({ subject, text: subject.manifest });
  await withManifest(flags, false, context, async (books) => {
    const none: Rows = { rows: [], damage: undefined };
    const { rows, damage } = books === undefined ? none : await readRows(books.manifest, flags.all === true, signal);
    await withText(streams.openStandardOutput(), signal, (text) =>
      report.json ? showJson(text, rows) : showTable(text, rows),
    );
    if (damage !== undefined) throw damage;
  });
}

/** The path of the manifest of a command that is nothing without one. @throws UsageError */
export function requireManifest(flags: ManifestFlag, { env }: CliContext): string {
  const path = manifestPath(flags.manifest, env);
  if (path === undefined)
    throw new UsageError('Without a manifest nothing is known of uploads: leave out --manifest none.');
  return path;
}

/** One upload as it is listed; without its progress if what is known of its parts is damaged. */
interface Row extends Partial<UploadProgress> {
  readonly item: UploadItem;
  readonly owner: Ownership;
  readonly ageMs: number;
}

interface Rows {
  readonly rows: readonly Row[];
  readonly damage: SealpartError | undefined;
}

async function readRows(manifest: UploadManifest, all: boolean, signal: AbortSignal): Promise<Rows> {
  const { items, damage } = await listKnown(manifest, signal);
  const rows: Row[] = [];
  let first = damage;
  for (const item of items) {
    if (!all && endedStates.includes(item.state)) continue;
    const nowMs = Date.now();
    const row = { item, owner: await ownershipOf(manifest, item, nowMs), ageMs: nowMs - item.createdMs };
    try {
      rows.push({ ...row, ...(await measureUpload(manifest, item, signal)) });
    } catch (error) {
      first ??= damageIn(error);
      rows.push(row);
    }
  }
  return { rows, damage: first };
}

async function showJson(text: TextSink, rows: readonly Row[]): Promise<void> {
  for (const { item, owner, partsDone, partsTotal, contentBytesDone, contentBytesTotal } of rows) {
    const { id, state, storeName, bucket, key, sourcePath, uploadId, leaseUntilMs, createdMs, updatedMs } = item;
    const facts = { id, state, store: storeName, bucket, key, url: urlOf(item), source: sourcePath, uploadId };
    const progress = { partsDone, partsTotal, contentBytesDone, contentBytesTotal };
    const owned = { owner: item.owner, ownerState: owner, leaseUntil: timeText(leaseUntilMs) };
    const times = { created: timeText(createdMs), updated: timeText(updatedMs) };
    await text.line(jsonLine({ ...facts, ...progress, ...owned, ...times }));
  }
}

function timeText(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

function urlOf(item: UploadItem): string {
  return objectUrlText({ name: item.storeName }, placeOfUpload(item, {}).location);
}

const heads = ['ID', 'STATE', 'PARTS', 'CONTENT', 'AGE', 'OWNER', 'OBJECT'] as const;
const rightAligned: readonly number[] = [2, 3, 4];
const leastIdChars = 8;

async function showTable(text: TextSink, rows: readonly Row[]): Promise<void> {
  if (rows.length === 0) return;
  const idChars = distinctChars(rows.map(({ item }) => item.id));
  const cells = rows.map((row) => cellsOf(row, idChars));
  const widths = heads.map((head, i) => Math.max(head.length, ...cells.map((line) => line[i]!.length)));
  const lineOf = (line: readonly string[]): string =>
    line.map((cell, i) => (rightAligned.includes(i) ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!))).join('  ');
  await text.line(lineOf(heads).trimEnd());
  for (const line of cells) await text.line(lineOf(line).trimEnd());
}

function cellsOf({ item, owner, ageMs, partsDone, partsTotal, contentBytesDone }: Row, idChars: number): string[] {
  const owners: Readonly<Record<Ownership, string>> = { alive: 'at work', leased: 'may be at work', gone: '-' };
  return [
    item.id.slice(0, idChars),
    item.state,
    `${partsDone ?? '?'}/${partsTotal ?? '?'}`,
    contentBytesDone === undefined ? '?' : bytesText(contentBytesDone),
    ageText(ageMs),
    owners[owner],
    oneLine(urlOf(item)),
  ];
}

/** As many characters as it takes to tell these ids apart. */
function distinctChars(ids: readonly string[]): number {
  for (let chars = leastIdChars; ; chars++) {
    if (new Set(ids.map((id) => id.slice(0, chars))).size === ids.length) return chars;
  }
}

function ageText(ageMs: number): string {
  const minutes = Math.max(0, Math.floor(ageMs / 60_000));
  if (minutes < 1) return '< 1 min';
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} days`;
}
