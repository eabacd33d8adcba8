import { SealpartError } from '../../errors.ts';
import type { ListedPart, ObjectName, StoreLimits, UploadName, WriteCondition } from '../object-store.ts';
import type { Catalogue } from './catalogue.ts';
import { newCompletedEtag } from './etag.ts';
import { objectLabel } from './names.ts';
import { encodePartSizes } from './part-sizes.ts';
import type { PartRow } from './part-table.ts';

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
    partSizes: encodePartSizes(sizesBytes),
  });
  return { etag, doomedFiles: [...doomedFiles, ...replaced] };
}

/** @throws SealpartError `precondition` if nothing may stand there yet and something does. */
export function checkCondition(catalogue: Catalogue, name: ObjectName, condition: WriteCondition): void {
  if (condition.ifNoneMatch === undefined || catalogue.objects.find(name) === undefined) return;
  throw new SealpartError(
    'precondition',
    `${objectLabel(name)} exists already, and was to be made only if it did not.`,
  );
}

/** The stored parts that a list names, in its order. */
function chooseParts(
  stored: readonly PartRow[],
  listed: readonly ListedPart[],
  limits: StoreLimits,
  label: string,
): PartRow[] {
  const invalid = (reason: string) => new SealpartError('invalid-part', `${label} cannot be completed: ${reason}.`);
  if (listed.length === 0) throw invalid('the list names no parts');
  const byNumber = new Map(stored.map((part) => [part.partNumber, part]));
  return listed.map(({ partNumber, etag }, index) => {
    const before = listed[index - 1];
    if (before !== undefined && before.partNumber >= partNumber) {
      throw invalid(`the list is not ascending, part ${partNumber} comes after part ${before.partNumber}`);
    }
    const part = byNumber.get(partNumber);
    if (part === undefined) throw invalid(`there is no part ${partNumber}`);
    if (part.etag !== etag) throw invalid(`part ${partNumber} has the ETag ${part.etag}, and the list says ${etag}`);
    if (index < listed.length - 1 && part.sizeBytes < limits.minPartBytes) {
      const least = `${limits.minPartBytes} is the least for all but the last (EntityTooSmall)`;
      throw invalid(`part ${partNumber} has ${part.sizeBytes} bytes, and ${least}`);
    }
    return part;
  });
}
