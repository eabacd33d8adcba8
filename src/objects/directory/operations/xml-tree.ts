import type { SealpartError } from '../../../errors.ts';
import { refused } from '../refusals.ts';

/** An element of a document. */
export interface XmlTree {
  /** Without the prefix of its namespace. */
  readonly name: string;
  readonly children: readonly XmlTree[];
  /** All text that is directly in it. */
  readonly text: string;
}

interface GrowingTree extends XmlTree {
  readonly children: GrowingTree[];
  text: string;
}

/** Deeper than any document that is read here. */
const maxDepth = 16;
const maxElements = 20_000;

/*
 * What comes next: the declaration, a comment, a CDATA section, a tag, or text. Whoever passes a document on has checked
 * that it is one; here it only has to be made sure that nothing is taken for what it is not. There is no DOCTYPE.
 */
const token =
  /<\?xml[^?]*\?>|<!--(?<comment>[^-]*(?:-[^-]+)*)-->|<!\[CDATA\[(?<data>[^\]]*(?:\](?!\]>)[^\]]*)*)\]\]>|<(?<end>\/?)(?:[\w.-]+:)?(?<name>[\w.-]+)(?:\s+[\w.:-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*\s*(?<whole>\/?)>|(?<text>[^<]+)/y;

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/**
 * Reads a document into a tree.
 *
 * @throws SealpartError `bad-parameters` (MalformedXML), also if the root has another name.
 */
export function readXml(bytes: Uint8Array, rootName: string): XmlTree {
  const document = decode(bytes);
  const open: GrowingTree[] = [{ name: '', children: [], text: '' }];
  let elements = 0;
  token.lastIndex = 0;
  while (token.lastIndex < document.length) {
    const groups = token.exec(document)?.groups;
    if (groups === undefined) throw malformed();
    const { name, end, whole, data, text } = groups;
    const innermost = open.at(-1)!;
    if (data !== undefined) innermost.text += data;
    else if (text !== undefined) innermost.text += resolve(text);
    else if (end === '/') close(open, name);
    else if (name !== undefined) {
      const child: GrowingTree = { name, children: [], text: '' };
      innermost.children.push(child);
      elements += 1;
      if (whole === '') open.push(child);
      if (elements > maxElements || open.length > maxDepth) throw malformed();
    }
  }
  const [top] = open;
  const root = top?.children[0];
  if (open.length !== 1 || top?.children.length !== 1 || top.text.trim() !== '' || root?.name !== rootName) {
    throw malformed();
  }
  return root;
}

/** The children of an element, all of which must have this name. */
export function allChildren(tree: XmlTree, name: string): readonly XmlTree[] {
  if (tree.children.every((child) => child.name === name)) return tree.children;
  throw malformed();
}

/** The text of the one child of this name. */
export function onlyText(tree: XmlTree, name: string): string {
  const text = optionalText(tree, name);
  if (text === undefined) throw malformed();
  return text;
}

/** The text of the child of this name, if there is one. */
export function optionalText(tree: XmlTree, name: string): string | undefined {
  const found = tree.children.filter((child) => child.name === name);
  const [child] = found;
  if (child === undefined) return undefined;
  if (found.length > 1 || child.children.length > 0) throw malformed();
  return child.text;
}

/** Refuses an element with a child of another name. */
export function checkChildren(tree: XmlTree, names: readonly string[]): void {
  if (!tree.children.every((child) => names.includes(child.name))) throw malformed();
}

export function malformed(): SealpartError {
  const reason = 'The XML you provided was not well-formed or did not validate against our published schema';
  return refused('MalformedXML', reason);
}

function close(open: GrowingTree[], name: string | undefined): void {
  const closed = open.pop();
  if (open.length === 0 || closed?.name !== name) throw malformed();
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw malformed();
  }
}

function resolve(text: string): string {
  return text.replaceAll(/&([^;]*);?/g, (reference, word: string) => {
    if (!reference.endsWith(';')) throw malformed();
    const entity = Object.hasOwn(entities, word) ? entities[word] : undefined;
    if (entity !== undefined) return entity;
    const digits = /^#(?:x([0-9a-fA-F]{1,6})|([0-9]{1,7}))$/.exec(word);
    if (digits === null) throw malformed();
    const point = digits[1] === undefined ? Number(digits[2]) : Number.parseInt(digits[1], 16);
    if (point === 0 || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) throw malformed();
    return String.fromCodePoint(point);
  });
}
