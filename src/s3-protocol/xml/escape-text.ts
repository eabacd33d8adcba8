// Controls are escaped because a parser would normalise some (a CR becomes an LF) and refuse others; so would the two
// code points that are no characters. Half a surrogate pair cannot be written in UTF-8 at all.
const special = /[&<>"\p{Cc}\p{Cs}\ufffe\uffff]/gu;
const unwritable = /[[\p{Cc}\p{Cs}\ufffe\uffff]--[\t\n\r\u007f-\u009f]]/gv;
const replacement = '\ufffd';

/**
 * A text as the content of an element or the value of an attribute, so that nothing in it is read as markup.
 *
 * Characters that XML 1.0 has no way to say, as keys may hold, become references to them, as in S3's own listings:
 * lenient parsers get them back, and for strict ones there is `encoding-type=url`.
 */
export function escapeText(text: string): string {
  return text.replace(special, escapeCharacter);
}

/** The same with what XML 1.0 cannot say replaced by U+FFFD: for texts that must be readable rather than exact. */
export function escapeForEveryParser(text: string): string {
  return escapeText(text.replace(unwritable, replacement));
}

function escapeCharacter(character: string): string {
  switch (character) {
    case '&':
      return '&amp;';
    case '<':
      return '&lt;';
    case '>':
      return '&gt;';
    case '"':
      return '&quot;';
    default: {
      const codePoint = character.codePointAt(0)!;
      const isHalf = codePoint >= 0xd800 && codePoint <= 0xdfff;
      return isHalf ? replacement : `&#x${codePoint.toString(16).toUpperCase()};`;
    }
  }
}
