// What ends a header, or is in no character of one, never leaves: what a store says is as little trusted as a client.
const unwritable = /[^\t\x20-\x7e\x80-\xff]/;

/**
 * A text as a header's value, one character a byte. One that no header can hold (a line's end, letters beyond Latin-1) is
 * given encoded (RFC 2047), as S3 gives metadata that cannot be written otherwise.
 */
export function headerText(text: string): string {
  return unwritable.test(text) ? `=?UTF-8?B?${Buffer.from(text, 'utf8').toString('base64')}?=` : text;
}
