import { malformedXml, type XmlLimits } from './xml-element.ts';

/** Where a document is being read, and what was met so far. Nothing looks at a place twice but to refuse it. */
export interface XmlCursor {
  readonly document: string;
  readonly limits: XmlLimits;
  position: number;
  elements: number;
  /** Elements that declared namespaces. */
  declarations: number;
}

const nameStart = 1;
const nameContinued = 2;
/** By the code of a character. Names of S3 are ASCII, and a name that is not is none of S3's. */
const nameCharacters: readonly number[] = Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code);
  if (/[A-Za-z_]/.test(character)) return nameStart;
  return /[0-9.:-]/.test(character) ? nameContinued : 0;
});

/** Reads the name at the cursor. */
export function readName(cursor: XmlCursor): string {
  const { document, position } = cursor;
  if (nameCharacters[document.charCodeAt(position)] !== nameStart) throw malformedXml('no name where one must be');
  let end = position + 1;
  // Past the last character the code is NaN, which is no index either.
  while (nameCharacters[document.charCodeAt(end)]) end += 1;
  cursor.position = end;
  return document.slice(position, end);
}

/** True if there was any. */
export function skipBlanks(cursor: XmlCursor): boolean {
  const { document, position } = cursor;
  let end = position;
  for (let code = document.charCodeAt(end); code === 0x20 || code === 0x0a || code === 0x09; ) {
    end += 1;
    code = document.charCodeAt(end);
  }
  cursor.position = end;
  return end > position;
}

/** True, and past it, if the document goes on like that. */
export function skipText(cursor: XmlCursor, text: string): boolean {
  const { document, position } = cursor;
  if (!document.startsWith(text, position)) return false;
  cursor.position = position + text.length;
  return true;
}

/** What stands between the cursor and the next place with that text; the cursor goes past it. */
export function readUntil(cursor: XmlCursor, text: string): string {
  const { document, position } = cursor;
  const end = document.indexOf(text, position);
  if (end < 0) throw malformedXml(`something that is not ended by ${text}`);
  cursor.position = end + text.length;
  return document.slice(position, end);
}
