/** What RFC 3986 lets stand as it is. */
const plain = /^[A-Za-z0-9\-._~]*$/;
const plainPath = /^[A-Za-z0-9\-._~/]*$/;

/** A text as requests and their signatures hold it: UTF-8, with everything escaped that RFC 3986 does not leave alone. */
export function escapeUri(text: string): string {
  if (plain.test(text)) return text;
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** A key as it stands in a path: its slashes stay, and nothing else is changed, so that `..` and `//` stay what they are. */
export function escapeKey(key: string): string {
  return plainPath.test(key) ? key : key.split('/').map(escapeUri).join('/');
}

/** The query of a request as it is sent and signed: escaped, and in the order of its bytes. */
export function escapeQuery(query: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(query).map(([name, value]): [string, string] => [escapeUri(name), escapeUri(value)]);
  if (pairs.length > 1) pairs.sort(([a], [b]) => (a < b ? -1 : 1));
  return pairs.map(([name, value]) => `${name}=${value}`).join('&');
}
