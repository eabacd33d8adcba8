import { type Operation, operation } from './operation.ts';

const responseOverrides = [
  'response-cache-control',
  'response-content-disposition',
  'response-content-encoding',
  'response-content-language',
  'response-content-type',
  'response-expires',
];

const bypass = 'x-amz-bypass-governance-retention';
const listing = ['delimiter', 'encoding-type', 'max-keys', 'prefix'];
const listingHeaders = ['x-amz-optional-object-attributes'];
const reading = {
  access: 'read',
  query: [...responseOverrides, 'versionId', 'partNumber'],
  headers: ['x-amz-checksum-mode'],
} as const;

/** What the gateway does itself: object data, its sizes and its ETags pass through these. */
export const rewrittenOperations: readonly Operation[] = [
  operation(['ListBuckets', 'GET', 'service'], 'rewritten', {
    access: 'read',
    query: ['max-buckets', 'continuation-token', 'prefix', 'bucket-region'],
  }),
  operation(['ListObjects', 'GET', 'bucket'], 'rewritten', {
    access: 'read',
    query: [...listing, 'marker'],
    headers: listingHeaders,
  }),
  operation(['ListObjectsV2', 'GET', 'bucket', 'list-type=2'], 'rewritten', {
    access: 'read',
    query: [...listing, 'continuation-token', 'fetch-owner', 'start-after'],
    headers: listingHeaders,
  }),
  operation(['ListObjectVersions', 'GET', 'bucket', 'versions'], 'rewritten', {
    access: 'read',
    query: [...listing, 'key-marker', 'version-id-marker'],
    headers: listingHeaders,
  }),
  operation(['DeleteObjects', 'POST', 'bucket', 'delete'], 'rewritten', {
    access: 'write',
    headers: [bypass],
    body: { kind: 'xml', root: 'Delete' },
  }),
  operation(['GetObject', 'GET', 'object'], 'rewritten', reading),
  operation(['HeadObject', 'HEAD', 'object'], 'rewritten', reading),
  operation(['GetObjectAttributes', 'GET', 'object', 'attributes'], 'rewritten', {
    access: 'read',
    query: ['versionId'],
    headers: ['x-amz-object-attributes', 'x-amz-max-parts', 'x-amz-part-number-marker'],
  }),
  operation(['PutObject', 'PUT', 'object'], 'rewritten', {
    access: 'write',
    headers: [
      'x-amz-acl',
      'x-amz-grant-full-control',
      'x-amz-grant-read',
      'x-amz-grant-read-acp',
      'x-amz-grant-write-acp',
      'x-amz-meta-',
      'x-amz-object-lock-legal-hold',
      'x-amz-object-lock-mode',
      'x-amz-object-lock-retain-until-date',
      'x-amz-server-side-encryption',
      'x-amz-storage-class',
      'x-amz-tagging',
      'x-amz-website-redirect-location',
    ],
    body: { kind: 'object' },
  }),
  operation(['DeleteObject', 'DELETE', 'object'], 'rewritten', {
    access: 'write',
    query: ['versionId'],
    headers: [bypass, 'x-amz-if-match-last-modified-time', 'x-amz-if-match-size'],
  }),
];
