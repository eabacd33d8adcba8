import type { ListedPart, StoreLimits, UploadName, WriteCondition } from '../object-store.ts';
import { checkPartList, incompletable } from '../part-list.ts';
import type { Catalogue } from './catalogue.ts';
import { newCompletedEtag } from './etag.ts';
import { objectLabel, quoted } from './names.ts';
import { encodePartSizes } from './part-sizes.ts';
import type { PartRow } from './part-table.ts';
import { checkCondition } from './write-condition.ts';

export interface CompletedUpload {
  readonly etag: string;
  /** Files of parts that were not listed and of the object that stood there, to be removed after the transaction. */
  readonly doomedFiles: readonly string[];
}

/**
 * Makes an object of an upload's parts: hands over the upload's content, and moves nothing. To be called inside a
 * transaction of the catalogue; if it throws, the upload is as it was.
 *
 * @throws SealpartError `not-found`, `invalid-part`, `precondition`
 */
export function completeUpload(
  catalogue: Catalogue,
  upload: UploadName,
  listed: readonly ListedPart[],
  condition: WriteCondition,
  limits: StoreLimits,
): CompletedUpload {
  const row = catalogue.requireUpload(upload);
  const label = objectLabel(upload);
  const stored = catalogue.parts.all(row.content);
  const chosen = chooseParts(stored, listed, limits, label);
  checkCondition(catalogue, upload, condition);

  const chosenNumbers = new Set(chosen.map((part) => part.partNumber));
  const unlisted = stored.filter((part) => !chosenNumbers.has(part.partNumber));
  const doomedFiles = unlisted.flatMap((part) => catalogue.parts.drop(row.content, part.partNumber));
  catalogue.uploads.drop(row.uploadId);
  const sizesBytes = chosen.map((part) => part.sizeBytes);
  const etag = newCompletedEtag(chosen.length);
  const replaced = catalogue.placeObject(upload, {
    content: row.content,
    etag,
    sizeBytes: sizesBytes.reduce((sum, size) => sum + size, 0),
    modifiedMs: Date.now(),
    metadata: row.metadata,
    tags: row.tags,
    headers: row.headers,
    partSizes: encodePartSizes(sizesBytes),
  });
  return { etag, doomedFiles: [...doomedFiles, ...replaced] };
}

/** The stored parts that a list names, in its order. */
function chooseParts(
  stored: readonly PartRow[],
  listed: readonly ListedPart[],
  limits: StoreLimits,
  label: string,
): PartRow[] {
  checkPartList(listed, limits.maxParts, label);
  const byNumber = new Map(stored.map((part) => [part.partNumber, part]));
  const chosen = listed.map(({ partNumber, etag }) => {
    const part = byNumber.get(partNumber);
    if (part === undefined) throw incompletable(label, `there is no part ${partNumber}`, 'InvalidPart');
    if (part.etag === etag) return part;
    const other = `has the ETag ${part.etag}, and the list says ${quoted(etag)}`;
    throw incompletable(label, `part ${partNumber} ${other}`, 'InvalidPart');
  });
  const small = chosen.slice(0, -1).find((part) => part.sizeBytes < limits.minPartBytes);
  if (small === undefined) return chosen;
  const least = `${limits.minPartBytes} is the least for all but the last`;
  throw incompletable(label, `part ${small.partNumber} has ${small.sizeBytes} bytes, and ${least}`, 'EntityTooSmall');
}
