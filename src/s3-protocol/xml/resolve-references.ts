import { malformedXml } from './xml-element.ts';

const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const longestReference = 12;
const numberSign = 0x23;

/** A text with `&amp;`, `&#38;` and the like replaced by what they stand for. There are no other entities. */
export function resolveReferences(text: string): string {
  let start = text.indexOf('&');
  if (start < 0) return text;
  let resolved = '';
  let done = 0;
  while (start >= 0) {
    const end = text.indexOf(';', start);
    // The length is bounded, so that `&&&&…` does not look for the same semicolon again and again in vain.
    if (end < 0 || end - start > longestReference) throw malformedXml('an ampersand that begins no reference');
    resolved += text.slice(done, start) + resolveReference(text.slice(start + 1, end));
    done = end + 1;
    start = text.indexOf('&', done);
  }
  return resolved + text.slice(done);
}

function resolveReference(name: string): string {
  if (name.charCodeAt(0) !== numberSign) {
    if (Object.hasOwn(named, name)) return named[name]!;
    throw malformedXml(`a reference to an entity that XML does not have: ${name}`);
  }
  const codePoint = name[1] === 'x' ? readNumber(name, 2, 16) : readNumber(name, 1, 10);
  if (!isCharacter(codePoint)) throw malformedXml(`a reference to what is no character: ${name}`);
  return String.fromCodePoint(codePoint);
}

/** The number that a text ends with from there on; NaN if other than its digits is in it. */
function readNumber(text: string, start: number, radix: 10 | 16): number {
  let number = text.length > start ? 0 : Number.NaN;
  for (let i = start; i < text.length; i++) number = number * radix + digit(text.charCodeAt(i), radix);
  return number;
}

function digit(code: number, radix: 10 | 16): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = (code | 0x20) - 0x61;
  return radix === 16 && letter >= 0 && letter < 6 ? letter + 10 : Number.NaN;
}

/** The characters that a document may hold, directly or by reference (XML 1.0, production 2). */
function isCharacter(codePoint: number): boolean {
  if (!(codePoint >= 0x20)) return codePoint === 0x9 || codePoint === 0xa || codePoint === 0xd;
  if (codePoint < 0xd800) return true;
  return (codePoint >= 0xe000 && codePoint < 0xfffe) || (codePoint >= 0x10000 && codePoint <= 0x10ffff);
}

const noCharacter = /[[\p{Cc}\ufffe\uffff]--[\t\n\r\u007f-\u009f]]/v;

/** Refuses a document that holds, unescaped, what no document may hold. */
export function checkCharacters(document: string): void {
  if (noCharacter.test(document)) throw malformedXml('a character that no document may hold');
}
