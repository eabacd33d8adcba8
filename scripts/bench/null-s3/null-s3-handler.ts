import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { ReadingPace } from './reading-pace.ts';

const etag = '"00000000000000000000000000000000"';
const uploadId = 'null';
const namespace = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"';

/**
 * An S3 that costs next to nothing: it throws away what is put, remembers no upload, and has the same object under every
 * key. What a client takes beside it is the client's own.
 *
 * @param pace how fast it reads what is put; as fast as it comes unless told.
 */
export function nullS3Handler(object: Buffer, pace?: ReadingPace): RequestListener {
  const drain = (request: IncomingMessage, then: () => void): void => drainAt(pace, request, then);
  return (request, response) => {
    const [path, search = ''] = request.url!.split('?') as [string, string?];
    const query = new URLSearchParams(search);
    switch (request.method) {
      case 'PUT':
        return drain(request, () => response.writeHead(200, { ETag: etag, 'Content-Length': 0 }).end());
      case 'POST':
        return drain(request, () =>
          document(response, query.has('uploads') ? createdDocument(path) : doneDocument(path)),
        );
      case 'DELETE':
        return drain(request, () => response.writeHead(204).end());
      default:
        return request.method === 'GET' && isListing(path, query)
          ? document(response, emptyListing(path, query))
          : serve(request, response, object);
    }
  };
}

/** Nobody looks at the bytes: they are not even put together. */
function drainAt(pace: ReadingPace | undefined, request: IncomingMessage, then: () => void): void {
  request.once('end', then);
  if (pace === undefined) {
    request.resume();
    return;
  }
  request.on('data', ({ length }: Buffer) => {
    request.pause();
    setTimeout(() => request.resume(), pace.waitMs(length));
  });
}

function document(response: ServerResponse, text: string): void {
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n${text}`;
  response.writeHead(200, { 'Content-Type': 'application/xml', 'Content-Length': Buffer.byteLength(body) }).end(body);
}

/** Bucket and key as they stand in the path: encoded, so they need no escape in XML. */
function named(path: string): string {
  const [, bucket, ...key] = path.split('/');
  return `<Bucket>${bucket}</Bucket><Key>${key.join('/')}</Key>`;
}

function createdDocument(path: string): string {
  const result = `${named(path)}<UploadId>${uploadId}</UploadId>`;
  return `<InitiateMultipartUploadResult ${namespace}>${result}</InitiateMultipartUploadResult>`;
}

function doneDocument(path: string): string {
  const result = `<Location>${path}</Location>${named(path)}<ETag>${etag.replaceAll('"', '&quot;')}</ETag>`;
  return `<CompleteMultipartUploadResult ${namespace}>${result}</CompleteMultipartUploadResult>`;
}

function isListing(path: string, query: URLSearchParams): boolean {
  return query.has('uploadId') || /^\/[^/]*\/?$/.test(path);
}

function emptyListing(path: string, query: URLSearchParams): string {
  const name = query.has('uploadId')
    ? 'ListPartsResult'
    : query.has('uploads')
      ? 'ListMultipartUploadsResult'
      : path === '/'
        ? 'ListAllMyBucketsResult'
        : 'ListBucketResult';
  return `<${name} ${namespace}><IsTruncated>false</IsTruncated></${name}>`;
}

function serve(request: IncomingMessage, response: ServerResponse, object: Buffer): void {
  const range = rangeOf(request.headers.range, object.length);
  if (range === 'none') {
    response.writeHead(416, { 'Content-Range': `bytes */${object.length}`, 'Content-Length': 0 }).end();
    return;
  }
  const { first, end } = range ?? { first: 0, end: object.length };
  response.writeHead(range ? 206 : 200, {
    ETag: etag,
    'Accept-Ranges': 'bytes',
    'Last-Modified': 'Thu, 01 Jan 2026 00:00:00 GMT',
    'Content-Type': 'application/octet-stream',
    'Content-Length': end - first,
    ...(range && { 'Content-Range': `bytes ${first}-${end - 1}/${object.length}` }),
  });
  response.end(request.method === 'HEAD' ? undefined : object.subarray(first, end));
}

/** One range; what is no range of bytes is as if it was not there, as HTTP has it. */
function rangeOf(header: string | undefined, size: number): { first: number; end: number } | 'none' | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (match === null || (match[1] === '' && match[2] === '')) return undefined;
  const first = match[1] === '' ? Math.max(0, size - Number(match[2])) : Number(match[1]);
  const end = match[1] === '' || match[2] === '' ? size : Math.min(size, Number(match[2]) + 1);
  return first < end ? { first, end } : 'none';
}
