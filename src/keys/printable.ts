const mostCharacters = 200;

/**
 * Text of strangers for a message: a header's texts are judged by nobody before its MAC is, and a terminal obeys
 * control characters.
 */
export function printable(text: string): string {
  const shown = text.length > mostCharacters ? `${text.slice(0, mostCharacters)}…` : text;
  return shown.replace(/[\p{C}\p{Z}]/gu, (character) => (character === ' ' ? ' ' : '\ufffd'));
}
