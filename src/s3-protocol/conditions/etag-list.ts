/** What a condition compares an ETag with: any, or one of a list. */
export type EtagList = '*' | readonly ListedEtag[];

export interface ListedEtag {
  /** Without quotes. */
  readonly etag: string;
  /** True for `W/"…"`: what has it means the same, but may not be the same bytes. */
  readonly isWeak: boolean;
}

// No two of its parts can match the same characters: it takes linear time, whatever stands in the header.
const member = /[ \t,]*(W\/)?(?:"([^"]*)"|([^",\s]+))[ \t]*(?:,|$)/y;

/**
 * Reads the value of If-Match or If-None-Match. Members without quotes are ETags as well, as S3 takes them. What cannot
 * be read as a list is one ETag that no object has.
 */
export function parseEtagList(text: string): EtagList {
  const trimmed = text.trim();
  if (trimmed === '*' || trimmed === '"*"') return '*';
  const etags: ListedEtag[] = [];
  member.lastIndex = 0;
  while (member.lastIndex < trimmed.length) {
    const match = member.exec(trimmed);
    if (match === null) return [{ etag: trimmed, isWeak: false }];
    etags.push({ etag: match[2] ?? match[3]!, isWeak: match[1] !== undefined });
  }
  return etags;
}

/** True if the list names exactly these bytes (RFC 9110 §8.8.3.2, strong comparison). */
export function matchesStrongly(list: EtagList, etag: string): boolean {
  return list === '*' || list.some((listed) => !listed.isWeak && listed.etag === etag);
}

/** True if the list names something that means the same. */
export function matchesWeakly(list: EtagList, etag: string): boolean {
  return list === '*' || list.some((listed) => listed.etag === etag);
}
