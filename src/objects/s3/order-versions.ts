import type { ListedVersion } from '../bucket-store.ts';

/**
 * Versions and marks of deletion in the order that S3 has: by key, and the newest of each first. S3 writes them so; some
 * stores write all of the one kind and then all of the other, each in that order.
 *
 * @param listed - As the store has written them.
 */
export function orderVersions(listed: readonly ListedVersion[]): readonly ListedVersion[] {
  const versions = listed.filter(({ deleteMarker }) => deleteMarker !== true);
  const marks = listed.filter(({ deleteMarker }) => deleteMarker === true);
  const isApart = isSame(listed, [...versions, ...marks]) || isSame(listed, [...marks, ...versions]);
  return isApart ? merge(marks, versions) : listed;
}

/**
 * What comes after the place where a page begins. Some stores begin with what the page before had ended with.
 *
 * @param versionId - Empty if the page begins behind all versions of the key.
 */
export function afterMarker(
  listed: readonly ListedVersion[],
  key: string,
  versionId: string,
): readonly ListedVersion[] {
  if (key === '') return listed;
  if (versionId === '') return listed.filter((version) => version.key !== key);
  const marker = listed.findIndex((version) => version.key === key && version.versionId === versionId);
  return listed.slice(marker + 1);
}

function isSame(one: readonly ListedVersion[], other: readonly ListedVersion[]): boolean {
  return one.every((version, index) => version === other[index]);
}

function merge(marks: readonly ListedVersion[], versions: readonly ListedVersion[]): ListedVersion[] {
  const merged: ListedVersion[] = [];
  let [mark, version] = [0, 0];
  while (mark < marks.length && version < versions.length) {
    const [nextMark, nextVersion] = [marks[mark]!, versions[version]!];
    const isMarkFirst = compare(nextMark, nextVersion) <= 0;
    merged.push(isMarkFirst ? nextMark : nextVersion);
    if (isMarkFirst) mark += 1;
    else version += 1;
  }
  return [...merged, ...marks.slice(mark), ...versions.slice(version)];
}

/** Of two at the same time the mark comes first: it was made of what was there. */
function compare(mark: ListedVersion, version: ListedVersion): number {
  if (mark.key !== version.key) return Buffer.compare(Buffer.from(mark.key), Buffer.from(version.key));
  if (mark.isLatest !== version.isLatest) return mark.isLatest ? -1 : 1;
  // Some stores tell the one kind's time to the second only.
  return Math.floor(version.lastModifiedMs / 1000) - Math.floor(mark.lastModifiedMs / 1000);
}
