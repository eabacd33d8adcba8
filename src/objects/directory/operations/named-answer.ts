import type { NamedAnswer } from '../../bucket-store.ts';

const namespace = 'http://s3.amazonaws.com/doc/2006-03-01/';

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
};

/** An element that holds text. */
export function textElement(name: string, text: string): string {
  return `<${name}>${text.replaceAll(/[&<>"\t\n\r]/g, (letter) => escapes[letter] ?? letter)}</${name}>`;
}

/** A document in S3's namespace. `content` is markup: what came from outside is in it by `textElement` only. */
export function documentBytes(root: string, content = ''): Uint8Array {
  const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n';
  return Buffer.from(`${declaration}<${root} xmlns="${namespace}">${content}</${root}>`, 'utf8');
}

export function documentAnswer(root: string, content = ''): NamedAnswer {
  return bytesAnswer(documentBytes(root, content));
}

/** An answer with a document that is there already. */
export function bytesAnswer(body: Uint8Array): NamedAnswer {
  return { status: 200, headers: { 'content-type': 'application/xml' }, body };
}

export function emptyAnswer(status: 200 | 204, headers: Readonly<Record<string, string>> = {}): NamedAnswer {
  return { status, headers, body: new Uint8Array(0) };
}
