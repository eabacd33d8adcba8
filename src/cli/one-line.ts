/**
 * Text on one line that no terminal obeys: names of files and objects may hold anything. What would break the line or
 * steer the terminal is shown as in JSON.
 */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, escapeCharacter);
}

function escapeCharacter(character: string): string {
  const short: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };
  const known = short[character];
  if (known !== undefined) return known;
  const units = Array.from({ length: character.length }, (_, i) => character.charCodeAt(i));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}

/** A value as JSON, on one line that no terminal obeys either: what JSON leaves as it is, is escaped too. */
export function jsonLine(value: unknown): string {
  return oneLine(JSON.stringify(value));
}

/** A name in a listing: as it is, or in quotes with its escapes where it could be taken for something else. */
export function listedName(name: string): string {
  const shown = oneLine(name);
  if (shown === name && !name.startsWith('"') && name.trim() === name) return name;
  return `"${oneLine(name.replaceAll('\\', '\\\\').replaceAll('"', '\\"'))}"`;
}

/** JSON for people to read and to store: on many lines, of which no name can break or steer one. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, undefined, 2).split('\n').map(oneLine).join('\n');
}
