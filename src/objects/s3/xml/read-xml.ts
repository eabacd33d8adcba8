/** An element of a document: its text, or the elements in it. */
export interface XmlNode {
  /** Without a namespace's prefix. */
  readonly name: string;
  /** What stands before, between and after the elements in it, unescaped. */
  readonly text: string;
  readonly children: readonly XmlNode[];
}

interface OpenNode {
  readonly name: string;
  readonly tag: string;
  text: string;
  readonly children: XmlNode[];
}

/** Stores nest four deep. */
const maxDepth = 32;

/**
 * The root of a document, or undefined if it is no well-formed XML: cut off, HTML, a declaration of types (which could
 * make a short text a long one). Attributes are passed over; which characters stand in texts is not looked at, because
 * stores write keys there.
 */
export function readXml(document: string): XmlNode | undefined {
  const root: OpenNode = { name: '', tag: '', text: '', children: [] };
  const open: OpenNode[] = [root];
  for (let at = document.charCodeAt(0) === 0xfeff ? 1 : 0; at < document.length; ) {
    const start = document.indexOf('<', at);
    const text = unescapeText(document.slice(at, start < 0 ? document.length : start));
    if (text === undefined) return undefined;
    open.at(-1)!.text += text;
    if (start < 0) break;
    const end = readMarkup(document, start, open);
    if (end === undefined) return undefined;
    at = end;
  }
  const isWhole = open.length === 1 && root.children.length === 1 && root.text.trim() === '';
  return isWhole ? root.children[0] : undefined;
}

/** Reads what begins with `<`; gives where it ends, or undefined if it is not allowed there. */
function readMarkup(document: string, start: number, open: OpenNode[]): number | undefined {
  if (document.startsWith('<?', start)) return after(document, '?>', start + 2);
  if (document.startsWith('<!--', start)) return after(document, '-->', start + 4);
  if (document.startsWith('<![CDATA[', start)) {
    const end = after(document, ']]>', start + 9);
    if (end !== undefined) open.at(-1)!.text += document.slice(start + 9, end - 3);
    return end;
  }
  const end = endOfTag(document, start);
  if (end === undefined) return undefined;
  const isClosing = document[start + 1] === '/';
  const isEmpty = document[end - 2] === '/';
  const inner = document.slice(start + (isClosing ? 2 : 1), end - (isEmpty && !isClosing ? 2 : 1));
  const tag = /^[^\s/<>!?&"'=]+(?=\s|$)/.exec(inner)?.[0];
  if (tag === undefined) return undefined;
  if (isClosing) return close(tag, open) ? end : undefined;
  if (open.length > maxDepth) return undefined;
  open.push({ name: tag.slice(tag.indexOf(':') + 1), tag, text: '', children: [] });
  if (isEmpty) close(tag, open);
  return end;
}

function close(tag: string, open: OpenNode[]): boolean {
  if (open.length < 2 || open.at(-1)!.tag !== tag) return false;
  const { name, text, children } = open.pop()!;
  open.at(-1)!.children.push({ name, text, children });
  return true;
}

function after(document: string, mark: string, from: number): number | undefined {
  const at = document.indexOf(mark, from);
  return at < 0 ? undefined : at + mark.length;
}

/** Behind the `>` of a tag; one inside of an attribute's value is none. */
function endOfTag(document: string, start: number): number | undefined {
  let quote = '';
  for (let at = start + 1; at < document.length; at++) {
    const character = document[at]!;
    if (quote !== '') {
      if (character === quote) quote = '';
    } else if (character === '>') {
      return at + 1;
    } else if (character === '"' || character === "'") {
      quote = character;
    } else if (character === '<') {
      return undefined;
    }
  }
  return undefined;
}

const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** Undefined for a reference to something that no document without declarations has. */
function unescapeText(text: string): string | undefined {
  if (!text.includes('&')) return text;
  let isRead = true;
  const read = text.replace(/&([^;&]{0,12})(;?)/g, (_, reference: string, end: string) => {
    const character = end === ';' ? referred(reference) : undefined;
    if (character === undefined) isRead = false;
    return character ?? '';
  });
  return isRead ? read : undefined;
}

function referred(reference: string): string | undefined {
  if (Object.hasOwn(named, reference)) return named[reference];
  const match = /^#(?:x([0-9a-fA-F]{1,6})|(\d{1,7}))$/.exec(reference);
  if (match === null) return undefined;
  const point = match[1] === undefined ? Number(match[2]) : Number.parseInt(match[1], 16);
  return point > 0x10ffff ? undefined : String.fromCodePoint(point);
}
