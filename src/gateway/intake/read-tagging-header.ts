import { s3Error } from '../../s3-protocol/errors/s3-error.ts';
import { checkTags, type Tag } from '../../s3-protocol/xml/read-tagging.ts';

const name = 'x-amz-tagging';

/**
 * Reads the tags of a new object: `key=value&key=value`, percent-encoded UTF-8, `+` for a blank.
 *
 * @param text one character a byte
 * @throws S3Error InvalidArgument for what is not that, or has a key twice; InvalidTag; BadRequest for too many
 */
export function readTaggingHeader(text: string | undefined): Readonly<Record<string, string>> | undefined {
  const pieces = (text ?? '').split('&').filter((piece) => piece !== '');
  if (pieces.length === 0) return undefined;
  const tags = pieces.map((piece) => readTag(piece, text!));
  if (new Set(tags.map(({ key }) => key)).size < tags.length) throw malformed(text!);
  checkTags(tags, 'object');
  return Object.fromEntries(tags.map(({ key, value }) => [key, value]));
}

function readTag(piece: string, text: string): Tag {
  const equals = piece.indexOf('=');
  const [key, value] = equals < 0 ? [piece, ''] : [piece.slice(0, equals), piece.slice(equals + 1)];
  const tag = { key: decode(key), value: decode(value) };
  if (tag.key === undefined || tag.key === '' || tag.value === undefined) throw malformed(text);
  return { key: tag.key, value: tag.value };
}

/** The text that these bytes are in UTF-8, or undefined. */
function decode(encoded: string): string | undefined {
  const spaced = encoded.replaceAll('+', ' ');
  if (/%(?![0-9A-Fa-f]{2})/.test(spaced)) return undefined;
  const bytes = Buffer.from(
    spaced.replace(/%(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  );
  const text = bytes.toString('utf8');
  return Buffer.from(text, 'utf8').equals(bytes) ? text : undefined;
}

function malformed(text: string): Error {
  return s3Error('InvalidArgument', {
    message:
      "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.",
    ArgumentName: name,
    ArgumentValue: text,
  });
}
