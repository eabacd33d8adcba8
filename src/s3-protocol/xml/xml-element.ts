import { type S3Error, s3Error } from '../errors/s3-error.ts';

/** An element of a document that was read. Its namespace is S3's or none: others do not pass the reader. */
export interface XmlElement {
  /** The local name. */
  readonly name: string;
  /** By the names as they were written, without declarations of namespaces. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** What stands in the element itself, references resolved, blanks kept. */
  readonly text: string;
}

/** What a document may have at most. */
export interface XmlLimits {
  readonly maxBytes: number;
  readonly maxElements: number;
}

/** No document of S3 goes deeper than 9. */
export const maxXmlDepth = 32;
/** No element of S3 has more than 3. */
export const maxXmlAttributes = 16;

const mib = 1024 * 1024;

/** For configurations of buckets, tags, ACLs: whatever is forwarded. */
export const configurationLimits: XmlLimits = { maxBytes: mib, maxElements: 20_000 };
/** A thousand keys of 1,024 bytes, each of them a reference, and their versions. */
export const deleteLimits: XmlLimits = { maxBytes: 8 * mib, maxElements: 10_000 };
/** Ten thousand parts with an ETag and two checksums. */
export const completionLimits: XmlLimits = { maxBytes: 8 * mib, maxElements: 100_000 };

/** The error for a document that does not say what it must; the reason is for the log alone. */
export function malformedXml(reason: string): S3Error {
  return s3Error('MalformedXML', {}, new SyntaxError(reason));
}
