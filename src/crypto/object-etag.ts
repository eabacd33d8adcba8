import { concatBytes, fromHex, textBytes, toHex } from '../format/bytes.ts';
import { readU16, u8, u16 } from '../format/little-endian.ts';

/** How an ETag stands in a record: in the shortest form that it has. */
const forms = { text: 0, md5: 1, md5OfParts: 2 } as const;

const md5Length = 16;
const maxTextLength = 80;
const maxParts = 10_000;

/** An ETag of S3's own making: an MD5, and how many parts it is of if it is not that of the content. */
const md5Pattern = /^([0-9a-f]{32})(?:-([1-9][0-9]{0,4}))?$/;
/** Printable ASCII without the quotes that stand around it. */
const textPattern = /^[\x21\x23-\x7e]{1,80}$/;

/** @throws RangeError for what can be no ETag, or is longer than 80 characters */
export function encodeEtag(etag: string): Uint8Array {
  const [, md5, parts] = md5Pattern.exec(etag) ?? [];
  if (md5 !== undefined && parts === undefined) return concatBytes(u8(forms.md5), fromHex(md5)!);
  if (md5 !== undefined && Number(parts) <= maxParts) {
    return concatBytes(u8(forms.md5OfParts), fromHex(md5)!, u16(Number(parts)));
  }
  if (textPattern.test(etag)) return concatBytes(u8(forms.text), u8(etag.length), textBytes(etag));
  throw new RangeError(`an ETag must be 1 to ${maxTextLength} printable characters without quotes, not "${etag}"`);
}

/** The ETag that these bytes begin with, and how many of them it takes; undefined if they begin with none. */
export function decodeEtag(bytes: Uint8Array): { readonly etag: string; readonly lengthBytes: number } | undefined {
  const lengthBytes = lengthOf(bytes);
  if (lengthBytes === undefined || bytes.length < lengthBytes) return undefined;
  const etag = textOf(bytes.subarray(0, lengthBytes));
  return etag === undefined ? undefined : { etag, lengthBytes };
}

function lengthOf(bytes: Uint8Array): number | undefined {
  switch (bytes[0]) {
    case forms.text:
      return bytes[1] === undefined ? undefined : 2 + bytes[1];
    case forms.md5:
      return 1 + md5Length;
    case forms.md5OfParts:
      return 1 + md5Length + 2;
    default:
      return undefined;
  }
}

function textOf(bytes: Uint8Array): string | undefined {
  if (bytes[0] === forms.md5) return toHex(bytes.subarray(1));
  if (bytes[0] === forms.md5OfParts) {
    const parts = readU16(bytes, 1 + md5Length);
    return parts >= 1 && parts <= maxParts ? `${toHex(bytes.subarray(1, 1 + md5Length))}-${parts}` : undefined;
  }
  const etag = String.fromCharCode(...bytes.subarray(2));
  const isShort = md5Pattern.exec(etag);
  // What has a shorter form does not stand as text.
  if (isShort !== null && (isShort[2] === undefined || Number(isShort[2]) <= maxParts)) return undefined;
  return textPattern.test(etag) ? etag : undefined;
}
