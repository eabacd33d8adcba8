import type { XmlNode } from './read-xml.ts';

/** The text of an element inside another one; undefined if it is not there. Of several, the first counts. */
export function textOf(node: XmlNode, name: string): string | undefined {
  return node.children.find((child) => child.name === name)?.text;
}

/** The elements of this name inside another one, in the order of the document. */
export function childrenOf(node: XmlNode, name: string): readonly XmlNode[] {
  return node.children.filter((child) => child.name === name);
}

/** A whole number of 0 or more; undefined for anything else. */
export function numberOf(node: XmlNode, name: string): number | undefined {
  const text = textOf(node, name)?.trim() ?? '';
  return /^\d{1,16}$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : undefined;
}

/** Undefined for anything but the two words. */
export function flagOf(node: XmlNode, name: string): boolean | undefined {
  const text = textOf(node, name)?.trim().toLowerCase();
  return text === 'true' ? true : text === 'false' ? false : undefined;
}

/** A time in milliseconds since 1970; 0 if there is none. */
export function timeOf(node: XmlNode, name: string): number {
  const timeMs = Date.parse(textOf(node, name) ?? '');
  return Number.isNaN(timeMs) ? 0 : timeMs;
}

/** A text as an element holds it. */
export function escapeText(text: string): string {
  return text.replace(/[<>&"'\r\n]/g, (character) => `&#${character.charCodeAt(0)};`);
}
