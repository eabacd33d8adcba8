import { escapeText } from './escape-text.ts';
import { s3Namespace } from './xml-namespaces.ts';

declare const written: unique symbol;

/** A piece of a document: what is in it was escaped. Plain strings are not taken for it. */
export type Markup = string & { readonly [written]: true };

/** What can stand in an element; what is undefined is left out. */
export type Content = Markup | undefined | readonly (Markup | undefined)[];

const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n';

/** `<name>value</name>`, or undefined for an undefined value. */
export function textElement(name: string, value: string | number | boolean): Markup;
export function textElement(name: string, value: string | number | boolean | undefined): Markup | undefined;
export function textElement(name: string, value: string | number | boolean | undefined): Markup | undefined {
  if (value === undefined) return undefined;
  return `<${name}>${typeof value === 'string' ? escapeText(value) : value}</${name}>` as Markup;
}

/** An element around others. */
export function element(name: string, ...content: readonly Content[]): Markup {
  return `<${name}>${joined(content)}</${name}>` as Markup;
}

/** A whole document in S3's namespace. */
export function xmlDocument(rootName: string, ...content: readonly Content[]): string {
  return `${declaration}<${rootName} xmlns="${s3Namespace}">${joined(content)}</${rootName}>`;
}

/** A document whose root holds text. */
export function textDocument(rootName: string, text: string): string {
  return `${declaration}<${rootName} xmlns="${s3Namespace}">${escapeText(text)}</${rootName}>`;
}

function joined(content: readonly Content[]): string {
  let text = '';
  for (const piece of content) {
    if (typeof piece === 'string') text += piece;
    else if (piece !== undefined) for (const inner of piece) text += inner ?? '';
  }
  return text;
}

/** A moment as S3's documents tell it, `2009-10-12T17:50:30.000Z`. */
export function timeElement(name: string, timeMs: number): Markup;
export function timeElement(name: string, timeMs: number | undefined): Markup | undefined;
export function timeElement(name: string, timeMs: number | undefined): Markup | undefined {
  return timeMs === undefined ? undefined : textElement(name, new Date(timeMs).toISOString());
}

/** An ETag in its quotes. */
export function etagElement(etag: string): Markup;
export function etagElement(etag: string | undefined): Markup | undefined;
export function etagElement(etag: string | undefined): Markup | undefined {
  return etag === undefined ? undefined : textElement('ETag', `"${etag}"`);
}
