import { checkRoot, readFields, readInteger, readText } from './element-fields.ts';
import { parseXml } from './parse-xml.ts';
import { configurationLimits, type XmlElement } from './xml-element.ts';

/** What pages of some origins may ask of a bucket. */
export interface CorsRule {
  /** Each with at most one `*`, which stands for anything. */
  readonly allowedOrigins: readonly string[];
  readonly allowedMethods: readonly string[];
  /** Each with at most one `*`. */
  readonly allowedHeaders: readonly string[];
  readonly exposedHeaders: readonly string[];
  readonly maxAgeSeconds: number | undefined;
}

/** Reads a CORSConfiguration. @throws S3Error MalformedXML */
export function readCorsConfiguration(bytes: Uint8Array): readonly CorsRule[] {
  const root = parseXml(bytes, configurationLimits);
  checkRoot(root, 'CORSConfiguration');
  return readFields(root, { CORSRule: 'many' }).CORSRule.map(readRule);
}

function readRule(element: XmlElement): CorsRule {
  const fields = readFields(element, {
    ID: 'optional',
    AllowedOrigin: 'many',
    AllowedMethod: 'many',
    AllowedHeader: 'many',
    ExposeHeader: 'many',
    MaxAgeSeconds: 'optional',
  });
  const texts = (elements: readonly XmlElement[]) => elements.map((one) => readText(one).trim());
  const [maxAge] = fields.MaxAgeSeconds;
  return {
    allowedOrigins: texts(fields.AllowedOrigin),
    allowedMethods: texts(fields.AllowedMethod),
    allowedHeaders: texts(fields.AllowedHeader),
    exposedHeaders: texts(fields.ExposeHeader),
    maxAgeSeconds: maxAge === undefined ? undefined : readInteger(maxAge),
  };
}
