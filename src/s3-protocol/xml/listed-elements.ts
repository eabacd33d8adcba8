import { type EncodingType, encodeListedKey } from './url-encoding.ts';
import { element, etagElement, type Markup, textElement, timeElement } from './write-xml.ts';

export interface Owner {
  readonly id: string;
  readonly displayName?: string;
}

/** An object as listings tell it. */
export interface ListedObject {
  readonly key: string;
  /** Without quotes. */
  readonly etag: string;
  readonly sizeBytes: number;
  readonly lastModifiedMs: number;
  readonly storageClass: string;
  readonly owner?: Owner;
  readonly checksumAlgorithms?: readonly string[];
  readonly checksumType?: string;
}

export function ownerElement(owner: Owner | undefined, name: 'Owner' | 'Initiator' = 'Owner'): Markup | undefined {
  if (owner === undefined) return undefined;
  return element(name, textElement('ID', owner.id), textElement('DisplayName', owner.displayName));
}

/** What Contents and Version have in common, from the ETag on. */
export function objectElements(object: ListedObject): readonly (Markup | undefined)[] {
  return [
    timeElement('LastModified', object.lastModifiedMs),
    etagElement(object.etag),
    ...(object.checksumAlgorithms ?? []).map((algorithm) => textElement('ChecksumAlgorithm', algorithm)),
    textElement('ChecksumType', object.checksumType),
    textElement('Size', object.sizeBytes),
    ownerElement(object.owner),
    textElement('StorageClass', object.storageClass),
  ];
}

/** A key, prefix, delimiter or marker: what `encoding-type=url` applies to. */
export function keyElement(name: string, key: string, encoding: EncodingType): Markup;
export function keyElement(name: string, key: string | undefined, encoding: EncodingType): Markup | undefined;
export function keyElement(name: string, key: string | undefined, encoding: EncodingType): Markup | undefined {
  return key === undefined ? undefined : textElement(name, encodeListedKey(key, encoding));
}

export function commonPrefixElements(prefixes: readonly string[], encoding: EncodingType): Markup[] {
  return prefixes.map((prefix) => element('CommonPrefixes', keyElement('Prefix', prefix, encoding)));
}
