import type { FileHandle } from 'node:fs/promises';
import { assert } from '../../assert.ts';
import { SealpartError } from '../../errors.ts';
import type { ByteRange, GetRequest, ObjectBody } from '../object-store.ts';
import type { Catalogue } from './catalogue.ts';
import type { StoreGround } from './collect-orphans.ts';
import { objectLabel } from './names.ts';
import { fileSizesOf, headOf } from './object-table.ts';
import { locateSpan } from './part-sizes.ts';
import type { PartRow } from './part-table.ts';
import { refused } from './refusals.ts';
import { type BodyPlan, StoredBody } from './stored-body.ts';

/** What the catalogue says of the bytes that a request asks for. */
interface ReadPlan extends BodyPlan {
  readonly content: number;
}

/**
 * Looks an object up and opens the first file that the answer needs.
 *
 * Only that one: an object may have 10,000, and a process that many descriptors. So a reader whose object is replaced
 * reads on to the end of the file at hand, and then fails; it never gets bytes of another object.
 */
export async function openObject(
  storeName: string,
  ground: StoreGround,
  request: GetRequest,
  signal: AbortSignal,
): Promise<ObjectBody> {
  const { catalogue, partFiles } = ground;
  const label = objectLabel(request);
  const openPart = (part: PartRow, partSignal: AbortSignal) =>
    openLaterPart(storeName, label, ground, part, partSignal);
  let missing: ReadPlan | undefined;
  for (;;) {
    const plan = await catalogue.view(signal, () => planRead(storeName, catalogue, request));
    const first = plan.parts[0];
    assert(first !== undefined, 'every object has a part');
    if (missing?.content === plan.content) throw lostFile(storeName, label, first);
    const handle = await partFiles.open(first.file, first.sizeBytes);
    if (handle !== undefined) return new StoredBody({ storeName, label, openPart }, plan, handle);
    // It was replaced or deleted between the look-up and the opening, so the next look-up gives another answer.
    missing = plan;
  }
}

/** To be called inside a view of the catalogue. */
function planRead(storeName: string, catalogue: Catalogue, request: GetRequest): ReadPlan {
  const row = catalogue.requireObject(request);
  const label = objectLabel(request);
  if (request.ifMatch !== undefined && request.ifMatch !== row.etag) {
    const etags = `its ETag is ${row.etag}, and ${request.ifMatch} was asked for`;
    throw new SealpartError('precondition', `${label} is not what it was: ${etags}.`, { said: 'PreconditionFailed' });
  }
  const head = headOf(row, request.withTags);
  const { first, last } = checkRange(request.range, row.sizeBytes, label);
  const span = locateSpan(fileSizesOf(row), first, last);
  const parts = catalogue.parts.span(row.content, span.firstIndex, span.count);
  if (parts.length !== span.count) {
    const lost = `The catalogue of ${storeName} has lost parts of ${label}`;
    throw new SealpartError('store', `${lost}: the store was damaged, restore it from a copy.`);
  }
  return { content: row.content, head, parts, offsetBytes: span.offsetBytes, lengthBytes: last - first + 1 };
}

/** The bytes asked for, cut at the end of the object; `last` is before `first` only for an empty object read whole. */
function checkRange(range: ByteRange | undefined, sizeBytes: number, label: string): { first: number; last: number } {
  if (range === undefined) return { first: 0, last: sizeBytes - 1 };
  if ('suffixBytes' in range) {
    const { suffixBytes } = range;
    if (Number.isSafeInteger(suffixBytes) && suffixBytes > 0 && sizeBytes > 0) {
      return { first: Math.max(0, sizeBytes - suffixBytes), last: sizeBytes - 1 };
    }
    throw badRange(`${label} has ${sizeBytes} bytes, and the last ${suffixBytes} were asked for`);
  }
  const { first, last } = range;
  const isRange = Number.isSafeInteger(first) && Number.isSafeInteger(last) && first >= 0 && last >= first;
  if (!isRange || first >= sizeBytes) {
    const asked = `bytes ${first} to ${last} were asked for`;
    throw badRange(`${label} has ${sizeBytes} bytes, and ${asked}`);
  }
  return { first, last: Math.min(last, sizeBytes - 1) };
}

function badRange(reason: string): SealpartError {
  return refused('InvalidRange', reason, 'bad-range');
}

async function openLaterPart(
  storeName: string,
  label: string,
  ground: StoreGround,
  part: PartRow,
  signal: AbortSignal,
): Promise<FileHandle> {
  const { catalogue, partFiles } = ground;
  const handle = await partFiles.open(part.file, part.sizeBytes);
  if (handle !== undefined) return handle;
  if (await catalogue.view(signal, () => catalogue.parts.hasFile(part.file))) throw lostFile(storeName, label, part);
  const gone = `${label} was replaced or deleted while it was read`;
  throw new SealpartError('precondition', `${gone}: read it again from the beginning.`);
}

function lostFile(storeName: string, label: string, part: PartRow): SealpartError {
  const lost = `The file ${part.file} of part ${part.partNumber} of ${label} is gone from ${storeName}`;
  return new SealpartError('store', `${lost}: the store was damaged, restore it from a copy.`);
}
