/** Headers that some clients send several of, which are then one: HTTP puts a comma between the values of a list. */
const names: ReadonlySet<string> = new Set(['x-amz-object-attributes', 'x-amz-optional-object-attributes']);
const prefix = 'x-amz-meta-';

/**
 * True for a header that may come several times. Of all others a second one is refused: whoever reads the first would not
 * do what whoever reads the last was asked.
 *
 * @param name in lower case.
 */
export function isListHeader(name: string): boolean {
  return names.has(name) || name.startsWith(prefix);
}
