/** What stands for itself in a canonical request; every other byte is written %XX in upper case. */
const unreserved: readonly boolean[] = Array.from({ length: 256 }, (_, byte) =>
  /[A-Za-z0-9\-._~]/.test(String.fromCharCode(byte)),
);
const escapes: readonly string[] = Array.from(
  { length: 256 },
  (_, byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
);
const slash = 0x2f;

/** A parameter of a query as it stands in a canonical request: encoded once, in the one way there is. */
interface CanonicalParameter {
  readonly name: string;
  readonly value: string;
}

/** A request target in its two halves, neither of them decoded. Undefined if it is not a path on this server. */
export function splitTarget(target: string): { readonly path: string; readonly query: string } | undefined {
  // Node's parser lets a few bytes through that have no place in a target and would be ambiguous in what is signed.
  if (!target.startsWith('/') || !/^[\x21-\x7e\x80-\xff]*$/.test(target)) return undefined;
  if (!hasWholeEscapes(target)) return undefined;
  const mark = target.indexOf('?');
  return mark < 0 ? { path: target, query: '' } : { path: target.slice(0, mark), query: target.slice(mark + 1) };
}

function hasWholeEscapes(target: string): boolean {
  return !/%(?![0-9A-Fa-f]{2})/.test(target);
}

/** The bytes that a part of a target stands for, one character a byte. Its escapes must be whole. */
export function decodePercent(text: string): string {
  if (!text.includes('%')) return text;
  return text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/**
 * A path as S3 signs it: decoded once and encoded once, slashes kept, and never normalised: `//`, `.` and `..` are
 * parts of keys.
 */
export function canonicalPath(path: string): string {
  return encodeBytes(decodePercent(path), true);
}

/**
 * The parameters of a query, decoded: one character a byte. `+` stands for a space, as forms write it; one without
 * `=` has an empty value; empty ones (`&&`) are none.
 */
export function queryParameters(query: string): readonly (readonly [name: string, value: string])[] {
  return query
    .split('&')
    .filter((piece) => piece !== '')
    .map((piece) => {
      const equals = piece.indexOf('=');
      const [name, value] = equals < 0 ? [piece, ''] : [piece.slice(0, equals), piece.slice(equals + 1)];
      return [decodeParameter(name), decodeParameter(value)] as const;
    });
}

/** Parameters in the order and the encoding in which S3 signs them. The signature itself is never among them. */
export function canonicalQuery(parameters: readonly (readonly [name: string, value: string])[]): string {
  return parameters
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => ({ name: encodeBytes(name, false), value: encodeBytes(value, false) }))
    .sort(byNameThenValue)
    .map(({ name, value }) => `${name}=${value}`)
    .join('&');
}

/** By the encoded name first: `a-b=` would stand before `a=` if whole parameters were compared. */
function byNameThenValue(a: CanonicalParameter, b: CanonicalParameter): number {
  return compare(a.name, b.name) || compare(a.value, b.value);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function decodeParameter(text: string): string {
  return decodePercent(text.replaceAll('+', ' '));
}

function encodeBytes(bytes: string, keepSlashes: boolean): string {
  if (/^[A-Za-z0-9\-._~]*$/.test(bytes)) return bytes;
  let encoded = '';
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes.charCodeAt(i);
    encoded += unreserved[byte]! || (keepSlashes && byte === slash) ? bytes[i]! : escapes[byte]!;
  }
  return encoded;
}
