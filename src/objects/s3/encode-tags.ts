/** Tags as the header of a write holds them, or undefined if there are none. */
export function encodeTags(tags: Readonly<Record<string, string>> | undefined): string | undefined {
  const pairs = Object.entries(tags ?? {});
  if (pairs.length === 0) return undefined;
  return pairs.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&');
}
