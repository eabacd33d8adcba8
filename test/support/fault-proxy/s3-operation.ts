/** What S3 calls a request, by its method and query; `Other` for what nobody here asks for. */
export type S3Operation =
  | 'AbortMultipartUpload'
  | 'CompleteMultipartUpload'
  | 'CopyObject'
  | 'CreateBucket'
  | 'CreateMultipartUpload'
  | 'DeleteBucket'
  | 'DeleteObject'
  | 'DeleteObjects'
  | 'GetObject'
  | 'HeadBucket'
  | 'HeadObject'
  | 'ListBuckets'
  | 'ListMultipartUploads'
  | 'ListObjectVersions'
  | 'ListObjects'
  | 'ListObjectsV2'
  | 'ListParts'
  | 'Other'
  | 'PutObject'
  | 'UploadPart'
  | 'UploadPartCopy';

export interface S3Request {
  readonly operation: S3Operation;
  readonly bucket: string;
  readonly key: string;
  readonly query: Readonly<Record<string, string>>;
}

// First match wins: method, what must be in the query, what it is called. Buckets and objects are told apart before.
const ofObjects: readonly (readonly [string, readonly string[], S3Operation])[] = [
  ['PUT', ['partNumber', 'uploadId'], 'UploadPart'],
  ['POST', ['uploads'], 'CreateMultipartUpload'],
  ['POST', ['uploadId'], 'CompleteMultipartUpload'],
  ['DELETE', ['uploadId'], 'AbortMultipartUpload'],
  ['GET', ['uploadId'], 'ListParts'],
  ['PUT', [], 'PutObject'],
  ['GET', [], 'GetObject'],
  ['HEAD', [], 'HeadObject'],
  ['DELETE', [], 'DeleteObject'],
];
const ofBuckets: typeof ofObjects = [
  ['POST', ['delete'], 'DeleteObjects'],
  ['GET', ['uploads'], 'ListMultipartUploads'],
  ['GET', ['versions'], 'ListObjectVersions'],
  ['GET', ['list-type'], 'ListObjectsV2'],
  ['GET', [], 'ListObjects'],
  ['PUT', [], 'CreateBucket'],
  ['HEAD', [], 'HeadBucket'],
  ['DELETE', [], 'DeleteBucket'],
];
// Parts of a bucket or an object that have requests of their own.
const subresources = ['acl', 'attributes', 'location', 'policy', 'tagging', 'versioning', 'object-lock', 'lifecycle'];

/** @param target path and query as they stand in the request's first line; the bucket is the path's first name. */
export function s3Request(method: string, target: string, headers: ReadonlyMap<string, string>): S3Request {
  const [path, search = ''] = splitAtFirst(target, '?');
  const [bucket, key = ''] = splitAtFirst(path.slice(1), '/').map(decode) as [string, string?];
  const query = Object.fromEntries(
    search
      .split('&')
      .filter((pair) => pair !== '')
      .map((pair) => splitAtFirst(pair, '='))
      .map(([name, value = '']) => [decode(name), decode(value)]),
  );
  return { operation: operationOf(method, { bucket, key, query }, headers), bucket, key, query };
}

function operationOf(
  method: string,
  { bucket, key, query }: Omit<S3Request, 'operation'>,
  headers: ReadonlyMap<string, string>,
): S3Operation {
  if (bucket === '') return method === 'GET' ? 'ListBuckets' : 'Other';
  if (subresources.some((name) => name in query)) return 'Other';
  const found = (key === '' ? ofBuckets : ofObjects).find(
    ([verb, names]) => verb === method && names.every((name) => name in query),
  );
  const operation = found?.[2] ?? 'Other';
  if (!headers.has('x-amz-copy-source')) return operation;
  if (operation === 'UploadPart') return 'UploadPartCopy';
  return operation === 'PutObject' ? 'CopyObject' : operation;
}

function splitAtFirst(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
}

/** What is no proper encoding stays as it is: it is the store that refuses it. */
function decode(text: string | undefined): string {
  try {
    return decodeURIComponent(text ?? '');
  } catch {
    return text ?? '';
  }
}
