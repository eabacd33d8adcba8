import { SealpartError } from '../errors.ts';
import type { ListedPart } from './object-store.ts';

/**
 * Refuses a list of parts that no upload can be completed with, whatever parts it has. Stores check it before they ask
 * a server, since servers differ: some take a part that is listed twice for one, some for two.
 *
 * @param maxParts - The highest part number.
 * @param label - The object as messages name it.
 * @throws SealpartError `invalid-part`, with S3's word for it.
 */
export function checkPartList(listed: readonly ListedPart[], maxParts: number, label: string): void {
  if (listed.length === 0) throw incompletable(label, 'the list names no parts', 'MalformedXML');
  let before = 0;
  for (const { partNumber } of listed) {
    if (!isPartNumber(partNumber, maxParts)) {
      throw incompletable(label, `${partNumber} is no part number, they go from 1 to ${maxParts}`, 'InvalidPart');
    }
    if (partNumber <= before) {
      const order = `part ${partNumber} comes after part ${before}`;
      throw incompletable(label, `the list is not ascending, ${order}`, 'InvalidPartOrder');
    }
    before = partNumber;
  }
}

/** @throws SealpartError `invalid-part`, with S3's word for it: InvalidArgument. */
export function checkPartNumber(partNumber: number, maxParts: number, label: string): void {
  if (isPartNumber(partNumber, maxParts)) return;
  const said = 'InvalidArgument';
  const range = `part numbers are whole and go from 1 to ${maxParts} (${said})`;
  throw new SealpartError('invalid-part', `Part ${partNumber} of ${label} cannot be: ${range}.`, { said });
}

/** What is told of an upload that cannot be completed with the list given, with S3's word for it. */
export function incompletable(label: string, reason: string, said: string): SealpartError {
  return new SealpartError('invalid-part', `${label} cannot be completed: ${reason} (${said}).`, { said });
}

function isPartNumber(partNumber: number, maxParts: number): boolean {
  return Number.isInteger(partNumber) && partNumber >= 1 && partNumber <= maxParts;
}
