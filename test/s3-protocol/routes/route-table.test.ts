import * as sdk from '@aws-sdk/client-s3';
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { HttpResponse } from '@smithy/core/protocols';
import { describe, expect, it } from 'vitest';
import { S3Error } from '../../../src/s3-protocol/errors/s3-error.ts';
import { checkForwardedBody } from '../../../src/s3-protocol/routes/check-forwarded-body.ts';
import { operations } from '../../../src/s3-protocol/routes/find-operation.ts';
import { routeRequest } from '../../../src/s3-protocol/routes/route-request.ts';
import type { HeaderField, RawRequest } from '../../../src/s3-protocol/signature/raw-request.ts';
import { type ModelOperation, modelOperations } from './s3-model.ts';

// Every operation that AWS's own client has, through the router: as the model describes it, and as the client sends it.

const model = modelOperations();
const byName = new Map(operations.map((operation) => [operation.name, operation]));

/** Parts of operations that we do which we do not do, and refuse. */
const refusedHeaders: Readonly<Record<string, readonly string[]>> = {
  CreateBucket: ['x-amz-bucket-namespace'],
  DeleteObject: ['x-amz-mfa'],
  DeleteObjects: ['x-amz-mfa'],
  GetObject: ['x-amz-server-side-encryption-customer-'],
  GetObjectAttributes: ['x-amz-server-side-encryption-customer-'],
  HeadObject: ['x-amz-server-side-encryption-customer-'],
  PutObject: ['x-amz-object-lock-event-hold', 'x-amz-server-side-encryption-', 'x-amz-write-offset-bytes'],
};

/** What `refusedHeaders` means, spelled as prefixes. */
function isRefused(name: string, header: string): boolean {
  return (refusedHeaders[name] ?? []).some((prefix) => header.startsWith(prefix));
}

function outcomeOf(request: RawRequest): string {
  try {
    return routeRequest(request).operation.name;
  } catch (error) {
    if (error instanceof S3Error) return error.code;
    throw error;
  }
}

/** The request that the model describes, with some of what it may have. */
function described(operation: ModelOperation, query: readonly string[], headers: readonly string[]): RawRequest {
  const path = { service: '/', bucket: '/bucket', object: '/bucket/a/key' }[operation.level];
  const parameters = [operation.fixedQuery, ...query.map((name) => `${name}=1`)].filter((text) => text !== '');
  const fields = headers.map((name): HeaderField => [name.endsWith('-') ? `${name}x` : name, sampleValue(name)]);
  const target = parameters.length === 0 ? path : `${path}?${parameters.join('&')}`;
  return { method: operation.method, target, headers: [['Host', 'localhost'], ...fields] };
}

function sampleValue(header: string): string {
  return header === 'x-amz-server-side-encryption' ? 'AES256' : 'x';
}

/** What a request must have to be that operation and not another one. */
function needed(operation: ModelOperation): { query: readonly string[]; headers: readonly string[] } {
  const row = byName.get(operation.name)!;
  const fixed = new URLSearchParams(operation.fixedQuery);
  const query = row.selectors.map((word) => word.split('=')[0]!).filter((name) => !fixed.has(name));
  return { query, headers: operation.headers.filter((header) => header === 'x-amz-copy-source') };
}

describe('the table of operations', () => {
  it('was compared with a model that has operations', () => {
    expect(model.length).toBeGreaterThan(110);
    const put = model.find(({ name }) => name === 'PutObject')!;
    expect(put.headers).toContain('x-amz-meta-');
    expect(put.level).toBe('object');
    expect(model.find(({ name }) => name === 'PutBucketAcl')!.bodyRoot).toBe('AccessControlPolicy');
  });

  it('has every operation of the model, and nothing that is in none', () => {
    const extra = ['PostObject'];
    expect([...byName.keys()].sort()).toEqual([...model.map(({ name }) => name), ...extra].sort());
    expect(operations).toHaveLength(byName.size);
  });

  it.each(model.map((operation) => [operation.name, operation] as const))('finds %s', (name, operation) => {
    const row = byName.get(name)!;
    // The one with a path of its own, on a host of its own: to us that is a bucket's name, and none that can be.
    if (name === 'WriteGetObjectResponse') {
      const target = '/WriteGetObjectResponse';
      expect(outcomeOf({ method: 'POST', target, headers: [] })).toBe('InvalidBucketName');
      return;
    }
    expect({ method: row.method, level: row.level }).toEqual({ method: operation.method, level: operation.level });
    const { query, headers } = needed(operation);
    const expected = row.treatment === 'not-implemented' ? 'NotImplemented' : name;
    expect(outcomeOf(described(operation, query, headers))).toBe(expected);
    const amz = operation.headers.filter((header) => header.startsWith('x-amz-'));
    const known = amz.filter((header) => !isRefused(name, header));
    const all = [...new Set([...query, ...operation.query])];
    expect(outcomeOf(described(operation, all, known))).toBe(expected);
    for (const header of amz.filter((candidate) => isRefused(name, candidate))) {
      expect(outcomeOf(described(operation, all, [header])), header).toBe('NotImplemented');
    }
  });

  it.each(operations.filter(({ treatment }) => treatment !== 'not-implemented').map((row) => [row.name, row] as const))(
    'lets %s have nothing that the model does not know',
    (name, row) => {
      const operation = model.find((candidate) => candidate.name === name)!;
      expect(row.query.filter((parameter) => !operation.query.includes(parameter))).toEqual([]);
      expect(row.headers.filter((header) => !operation.headers.includes(header))).toEqual([]);
      const { query, headers } = needed(operation);
      for (const more of ['acl', 'uploads', 'uploadId', 'torrent', 'unheard-of', 'versionid', 'x-amz-acl']) {
        if (query.includes(more) || operation.fixedQuery === more) continue;
        const outcome = outcomeOf(described(operation, [...query, more], headers));
        expect(outcome === name, `?${more}: ${outcome}`).toBe(false);
      }
      const strange = ['x-amz-unheard-of', 'x-amz-meta', 'x-amz-copy-source', 'x-amz-rename-source'];
      for (const header of strange) {
        const outcome = outcomeOf(described(operation, query, [...headers, header]));
        expect(outcome, header).toMatch(/^(?:NotImplemented|InvalidArgument)$/);
      }
    },
  );

  it('reads the documents that the model describes', () => {
    for (const { name, body } of operations) {
      const operation = model.find((candidate) => candidate.name === name);
      if (body.kind === 'xml') expect(body.root, name).toBe(operation?.bodyRoot);
    }
  });

  it('lets nobody but an admin change what a bucket is, or who may do what', () => {
    const changing = operations.filter(
      ({ method, treatment }) => treatment === 'forwarded' && !/GET|HEAD/.test(method),
    );
    const ofWriters = changing.filter(({ access }) => access !== 'admin').map(({ name }) => name);
    expect(ofWriters).toEqual(['PutObjectTagging', 'DeleteObjectTagging']);
    const reading = operations.filter(({ access, method }) => access === 'read' && !/GET|HEAD/.test(method));
    expect(reading).toEqual([]);
    const carrying = operations.filter(({ body, treatment }) => body.kind === 'object' && treatment === 'forwarded');
    expect(carrying).toEqual([]);
  });
});

interface SentRequest {
  readonly request: RawRequest;
  readonly body: Uint8Array;
}

/** What the client sends for a command, taken where it would leave. */
async function sentBy(name: string): Promise<SentRequest> {
  let sent: SentRequest | undefined;
  interface Outgoing {
    readonly method: string;
    readonly path: string;
    readonly query: Readonly<Record<string, string | readonly string[] | null>>;
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: unknown;
  }
  const requestHandler = {
    handle: async ({ method, path, query, headers, body }: Outgoing) => {
      const pairs = Object.entries(query).map(([key, value]) => `${key}=${encodeURIComponent(String(value ?? ''))}`);
      const target = pairs.length === 0 ? path : `${path}?${pairs.join('&')}`;
      const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : new Uint8Array();
      sent = { request: { method, target, headers: Object.entries(headers) }, body: bytes };
      return { response: new HttpResponse({ statusCode: 200, headers: {}, body: new Blob([]).stream() }) };
    },
  } as unknown as NonNullable<S3ClientConfig['requestHandler']>;
  const client = new S3Client({
    region: 'us-east-1',
    endpoint: 'http://localhost:9440',
    forcePathStyle: true,
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    requestHandler,
    maxAttempts: 1,
  });
  const Command = (sdk as unknown as Record<string, new (input: object) => never>)[`${name}Command`]!;
  // What the answer is does not matter, and it is none that the client can read.
  await client.send(new Command(inputOf(name))).catch((error: unknown) => {
    if (sent === undefined) throw error;
  });
  return sent!;
}

/** Enough for each: members that an operation does not have are left out by the client. */
function inputOf(name: string): object {
  const names = { Bucket: 'bucket', Key: 'a/../b c', UploadId: 'u', PartNumber: 1, Id: 'i', CopySource: 'b/k' };
  const annotation = { AnnotationName: 'n', RenameSource: 'b/k' };
  const bodies = {
    Body: 'x',
    Policy: '{}',
    Delete: { Objects: [{ Key: 'k' }] },
    Tagging: { TagSet: [] },
    RequestRoute: 'r',
    RequestToken: 't',
  };
  const roots = model.flatMap(({ bodyRoot }) => (bodyRoot === undefined ? [] : [[bodyRoot, {}] as const]));
  const given = { ...Object.fromEntries(roots), ...names, ...annotation, ...bodies, ...memberNames };
  return name === 'ListBuckets' || name === 'ListDirectoryBuckets' ? {} : given;
}

/** Where the member is not called like the root of its document. */
const memberNames = { Retention: { Mode: 'GOVERNANCE' }, LegalHold: { Status: 'ON' } };

describe('what the client sends', () => {
  const rows = operations.filter(({ name }) => name !== 'PostObject' && name !== 'WriteGetObjectResponse');

  it.each(rows.map((row) => [row.name, row.treatment, row] as const))('for %s is %s', async (name, treatment, row) => {
    const { request, body } = await sentBy(name);
    expect(outcomeOf(request)).toBe(treatment === 'not-implemented' ? 'NotImplemented' : name);
    if (treatment === 'not-implemented') return;
    const { target } = routeRequest(request);
    expect(target.bucket).toBe(row.level === 'service' ? undefined : 'bucket');
    expect(target.key).toBe(row.level === 'object' ? 'a/../b c' : undefined);
    if (row.body.kind !== 'object') checkForwardedBody(row.body, body);
  });
});
