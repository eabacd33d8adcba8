import { s3Error } from '../errors/s3-error.ts';
import { checkCharacters, resolveReferences } from './resolve-references.ts';
import { readName, readUntil, skipBlanks, skipText, type XmlCursor } from './xml-cursor.ts';
import { malformedXml, maxXmlAttributes, maxXmlDepth, type XmlElement, type XmlLimits } from './xml-element.ts';
import { type Namespaces, noNamespaces, resolveNames } from './xml-namespaces.ts';

const declaration =
  /^<\?xml[ \t\n]+version[ \t\n]*=[ \t\n]*(["'])1\.0\1(?:[ \t\n]+encoding[ \t\n]*=[ \t\n]*(["'])(?:[Uu][Tt][Ff]-?8|[Uu][Ss]-[Aa][Ss][Cc][Ii][Ii])\2)?(?:[ \t\n]+standalone[ \t\n]*=[ \t\n]*(["'])(?:yes|no)\3)?[ \t\n]*\?>/;
/** An ACL declares one for each grantee, and has a hundred at most. */
const maxDeclarations = 1000;
const carriageReturn = 0x0d;
const lineFeed = 0x0a;

interface GrowingElement extends XmlElement {
  readonly children: GrowingElement[];
  text: string;
}

/** An element whose end has not come yet. */
interface OpenElement {
  readonly qualifiedName: string;
  readonly namespaces: Namespaces;
  readonly element: GrowingElement;
  /** True for `<a/>`. */
  readonly isWhole: boolean;
}

/**
 * Reads a document: UTF-8, elements of S3's namespace or of none, text, CDATA sections, comments, the five named
 * entities and references to characters. There is no DOCTYPE and no processing instruction. Takes linear time.
 *
 * @returns the root.
 * @throws S3Error MalformedXML, or MaxMessageLengthExceeded for more bytes than the limit.
 */
export function parseXml(bytes: Uint8Array, limits: XmlLimits): XmlElement {
  const { maxBytes } = limits;
  if (bytes.length > maxBytes) throw s3Error('MaxMessageLengthExceeded', { MaxMessageLengthBytes: maxBytes });
  const document = decode(bytes);
  checkCharacters(document);
  const position = declaration.exec(document)?.[0].length ?? 0;
  const cursor: XmlCursor = { document, limits, position, elements: 0, declarations: 0 };
  skipMisc(cursor);
  const root = readTree(cursor);
  skipMisc(cursor);
  if (cursor.position < document.length) throw malformedXml('something after the root');
  return root;
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(withLineFeeds(bytes));
  } catch (error) {
    throw s3Error('MalformedXML', {}, error);
  }
}

/** Every kind of line end as the one that a document is read with (XML 1.0, section 2.11). */
function withLineFeeds(bytes: Uint8Array): Uint8Array {
  if (!bytes.includes(carriageReturn)) return bytes;
  const normalised = new Uint8Array(bytes.length);
  let length = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (byte === carriageReturn && bytes[i + 1] === lineFeed) continue;
    normalised[length] = byte === carriageReturn ? lineFeed : byte;
    length += 1;
  }
  return normalised.subarray(0, length);
}

/** Blanks and comments, which may stand around the root. */
function skipMisc(cursor: XmlCursor): void {
  do skipBlanks(cursor);
  while (skipComment(cursor));
}

function skipComment(cursor: XmlCursor): boolean {
  if (!skipText(cursor, '<!--')) return false;
  readUntil(cursor, '--');
  if (!skipText(cursor, '>')) throw malformedXml('two hyphens in a comment');
  return true;
}

/** The tree is kept on a stack of our own, so that no depth of a document is a depth of calls. */
function readTree(cursor: XmlCursor): XmlElement {
  const open = [readStart(cursor, noNamespaces)];
  for (let innermost = open[0]!; ; innermost = open.at(-1)!) {
    if (innermost.isWhole || readContent(cursor, innermost, open) === 'end') {
      open.pop();
      if (open.length === 0) return innermost.element;
    }
  }
}

/** Reads one thing in an element: a piece of text, a comment, the beginning of a child or its own end. */
function readContent(cursor: XmlCursor, { qualifiedName, namespaces, element }: OpenElement, open: OpenElement[]): Met {
  const { document, position } = cursor;
  if (document[position] !== '<') {
    readCharacters(cursor, element);
  } else if (skipText(cursor, '</')) {
    if (!skipText(cursor, qualifiedName)) throw malformedXml('the end of another element');
    skipBlanks(cursor);
    if (!skipText(cursor, '>')) throw malformedXml('an end tag without its end');
    return 'end';
  } else if (skipText(cursor, '<![CDATA[')) {
    element.text += readUntil(cursor, ']]>');
  } else if (!skipComment(cursor)) {
    // A DOCTYPE and a processing instruction end here: neither has a name after its `<`.
    const child = readStart(cursor, namespaces);
    element.children.push(child.element);
    if (open.push(child) > maxXmlDepth) throw malformedXml(`more than ${maxXmlDepth} elements inside each other`);
  }
  return 'more';
}

type Met = 'end' | 'more';

function readCharacters(cursor: XmlCursor, element: GrowingElement): void {
  const text = readUntil(cursor, '<');
  cursor.position -= 1;
  if (text.includes(']]>')) throw malformedXml('the end of a CDATA section without its beginning');
  element.text += resolveReferences(text);
}

function readStart(cursor: XmlCursor, inherited: Namespaces): OpenElement {
  if (!skipText(cursor, '<')) throw malformedXml('no element where one must be');
  cursor.elements += 1;
  if (cursor.elements > cursor.limits.maxElements) throw malformedXml('too many elements');
  const qualifiedName = readName(cursor);
  const written = readAttributes(cursor);
  const isWhole = skipText(cursor, '/');
  if (!skipText(cursor, '>')) throw malformedXml('a tag without its end');
  const { name, namespaces, attributes } = resolveNames(qualifiedName, written, inherited);
  if (namespaces !== inherited) cursor.declarations += 1;
  if (cursor.declarations > maxDeclarations) throw malformedXml('too many declarations of namespaces');
  return { qualifiedName, namespaces, element: { name, attributes, children: [], text: '' }, isWhole };
}

const noAttributes: ReadonlyMap<string, string> = new Map();

function readAttributes(cursor: XmlCursor): ReadonlyMap<string, string> {
  let attributes: Map<string, string> | undefined;
  while (skipBlanks(cursor)) {
    const next = cursor.document[cursor.position];
    if (next === '/' || next === '>') break;
    attributes ??= new Map();
    const name = readName(cursor);
    if (attributes.has(name) || attributes.size >= maxXmlAttributes)
      throw malformedXml('an attribute twice, or too many');
    attributes.set(name, readAttributeValue(cursor));
  }
  return attributes ?? noAttributes;
}

function readAttributeValue(cursor: XmlCursor): string {
  skipBlanks(cursor);
  if (!skipText(cursor, '=')) throw malformedXml('an attribute without a value');
  skipBlanks(cursor);
  const quote = skipText(cursor, '"') ? '"' : "'";
  if (quote === "'" && !skipText(cursor, "'")) throw malformedXml('a value without quotes');
  const value = readUntil(cursor, quote);
  if (value.includes('<')) throw malformedXml('a tag in a value');
  return resolveReferences(value.replace(/[\t\n]/g, ' '));
}
