/**
 * An ETag as this library keeps it: without quotes and without the mark of a weak one, which proxies add where they
 * touch an answer. Its letters stay as they are, because it is sent back to the store that chose them.
 */
export function bareEtag(text: string): string {
  const strong = text.trim().replace(/^W\//i, '');
  return strong.length >= 2 && strong.startsWith('"') && strong.endsWith('"') ? strong.slice(1, -1) : strong;
}

/** An ETag as a condition or a list of parts holds it. */
export function quotedEtag(etag: string): string {
  return `"${bareEtag(etag)}"`;
}

const hexadecimal = /^[0-9a-f]{32}(-\d+)?$/i;

/** True if both name one state of an object: hexadecimal ones may differ in case, any other is opaque. */
export function sameEtag(one: string, other: string): boolean {
  const [a, b] = [bareEtag(one), bareEtag(other)];
  return a === b || (hexadecimal.test(a) && hexadecimal.test(b) && a.toLowerCase() === b.toLowerCase());
}
