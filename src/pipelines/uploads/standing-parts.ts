import type { PartRecord } from '../../crypto/manifest-records.ts';
import type { ObjectStore, StoredPart, UploadName } from '../../objects/object-store.ts';
import { storedLength } from './upload-parts.ts';

/** Which of the recorded parts count. */
export interface StandingParts {
  readonly parts: readonly PartRecord[];
  /** Recorded parts that the store does not hold as recorded, or that their fellows make stale. */
  readonly dropped: readonly number[];
}

/**
 * Compares records with what the store lists. The manifest says what was committed; a part that the store does not list,
 * or lists otherwise, is done again. The FINAL segment's digest covers all others: it stands only if all of them do.
 *
 * @param lastPartNumber the FINAL segment's part
 */
export function judgeStandingParts(
  records: readonly PartRecord[],
  stored: ReadonlyMap<number, StoredPart>,
  lastPartNumber: number,
  headerLen: number,
): StandingParts {
  const held = records.filter((record) => {
    const found = stored.get(record.partNumber);
    return (
      found !== undefined && sameEtag(found.etag, record.etag) && found.sizeBytes === storedLength(record, headerLen)
    );
  });
  const others = held.filter(({ partNumber }) => partNumber < lastPartNumber);
  const parts = others.length === lastPartNumber - 1 ? held : others;
  const standing = new Set(parts.map(({ partNumber }) => partNumber));
  const dropped = records.map(({ partNumber }) => partNumber).filter((partNumber) => !standing.has(partNumber));
  return { parts, dropped };
}

/** Stores are not always of one mind about capitals in what they made up themselves. */
function sameEtag(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/** What the store holds of an upload, by part number. */
export async function listStoredParts(
  store: ObjectStore,
  upload: UploadName,
  signal: AbortSignal,
): Promise<Map<number, StoredPart>> {
  const stored = new Map<number, StoredPart>();
  for await (const part of store.listParts(upload, signal)) stored.set(part.partNumber, part);
  return stored;
}
