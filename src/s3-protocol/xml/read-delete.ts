import { checkRoot, readBoolean, readFields, readInteger, readOptionalText, readText } from './element-fields.ts';
import { parseXml } from './parse-xml.ts';
import { deleteLimits, malformedXml, type XmlElement } from './xml-element.ts';

export interface ObjectToDelete {
  readonly key: string;
  /** `null` is the name of the version that an unversioned bucket has. */
  readonly versionId?: string;
  /** What the object must be like: conditions of its own. */
  readonly etag?: string;
  readonly lastModifiedTime?: string;
  readonly sizeBytes?: number;
}

export interface DeleteRequest {
  /** 1 to 1,000; a key may come more than once. */
  readonly objects: readonly ObjectToDelete[];
  /** True if only what failed is to be told. */
  readonly quiet: boolean;
}

const maxObjects = 1000;

/** Reads the body of DeleteObjects. @throws S3Error MalformedXML */
export function readDelete(bytes: Uint8Array): DeleteRequest {
  const root = parseXml(bytes, deleteLimits);
  checkRoot(root, 'Delete');
  const fields = readFields(root, { Object: 'many', Quiet: 'optional' });
  const { length } = fields.Object;
  if (length === 0 || length > maxObjects) throw malformedXml(`${length} objects to delete`);
  const [quiet] = fields.Quiet;
  return { objects: fields.Object.map(readObject), quiet: quiet !== undefined && readBoolean(quiet) };
}

function readObject(element: XmlElement): ObjectToDelete {
  const fields = readFields(element, {
    Key: 'one',
    VersionId: 'optional',
    ETag: 'optional',
    LastModifiedTime: 'optional',
    Size: 'optional',
  });
  const key = readText(fields.Key[0]!);
  if (key === '') throw malformedXml('an object to delete without a key');
  // Clients that always write the element leave it empty for the newest version.
  const versionId = readOptionalText(fields.VersionId)?.trim() || undefined;
  const etag = readOptionalText(fields.ETag)?.trim();
  const lastModifiedTime = readOptionalText(fields.LastModifiedTime)?.trim();
  const [size] = fields.Size;
  return {
    key,
    ...(versionId === undefined ? {} : { versionId }),
    ...(etag === undefined ? {} : { etag }),
    ...(lastModifiedTime === undefined ? {} : { lastModifiedTime }),
    ...(size === undefined ? {} : { sizeBytes: readInteger(size) }),
  };
}
