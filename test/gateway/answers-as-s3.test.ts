import {
  GetObjectCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HeaderField } from '../../src/s3-protocol/signature/raw-request.ts';
import { type PlainRequest, signedByHeader } from '../s3-protocol/sdk-signer.ts';
import { openTestGateway } from '../support/gateway/open-test-gateway.ts';
import { type RawAnswer, requestBytes } from '../support/gateway/raw-exchange.ts';
import { hostOf, openSignedGround, type SignedGround, saidBy, signedBucket } from '../support/gateway/signed-ground.ts';

let ground: SignedGround;
beforeAll(async () => {
  ground = await openSignedGround();
});
afterAll(() => ground?.stop());

const Bucket = signedBucket;

/** Sends a request whose header stands there once for each of the values, as some clients do it. */
async function withSeveral(plain: PlainRequest, name: string, values: readonly string[]): Promise<RawAnswer> {
  const request = await signedByHeader(
    { ...plain, headers: { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD', [name]: values.join(',') } },
    { atMs: Date.now() },
  );
  const others = hostOf(request).filter(([other]) => other !== name);
  const headers = [...others, ...values.map((value): HeaderField => [name, value])];
  const { answers } = await ground.send(requestBytes({ ...request, headers }, new Uint8Array(0)));
  return answers[0]!;
}

describe('headers that are lists', () => {
  it('tell the attributes of an object', async () => {
    await ground.client.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'content' }));
    const attributes = ['ETag', 'ObjectSize'];
    const answer = await withSeveral(
      { path: `/${Bucket}/k`, query: { attributes: '' } },
      'x-amz-object-attributes',
      attributes,
    );
    expect(answer.status).toBe(200);
    expect(answer.body.toString()).toMatch(
      /<ETag>9a0364b9e99bb480dd25e1f0284c8555<\/ETag>.*<ObjectSize>7<\/ObjectSize>/,
    );
  });

  it('give an object metadata', async () => {
    const answer = await withSeveral({ method: 'PUT', path: `/${Bucket}/several` }, 'x-amz-meta-a', ['1', '2', '3']);
    expect(answer.status).toBe(200);
    const { Metadata } = await ground.client.send(new HeadObjectCommand({ Bucket, Key: 'several' }));
    expect(Metadata).toEqual({ a: '1,2,3' });
  });
});

describe('an object', () => {
  it('leads elsewhere, on a web site, where its writer said', async () => {
    const put = (WebsiteRedirectLocation: string) =>
      ground.client.send(new PutObjectCommand({ Bucket, Key: 'moved', Body: 'x', WebsiteRedirectLocation }));
    for (const place of ['/there', 'https://example.org/', 'http://example.org/']) {
      expect((await put(place)).Size).toBe(1);
      const head = await ground.client.send(new HeadObjectCommand({ Bucket, Key: 'moved' }));
      expect(head.WebsiteRedirectLocation).toBe(place);
    }
    for (const place of ['there', 'ftp://example.org/', 'HTTPS//x']) {
      await expect(put(place), place).rejects.toMatchObject({ name: 'InvalidRedirectLocation' });
    }
  });

  it('has no version but the one where none are kept', async () => {
    await ground.client.send(new PutObjectCommand({ Bucket, Key: 'v', Body: 'x' }));
    const get = (VersionId: string) => ground.client.send(new GetObjectCommand({ Bucket, Key: 'v', VersionId }));
    expect(await (await get('null')).Body!.transformToString()).toBe('x');
    await expect(get('x')).rejects.toMatchObject({
      name: 'InvalidArgument',
      message: 'Invalid version id specified',
    });
    const head = new HeadObjectCommand({ Bucket, Key: 'v', VersionId: 'x' });
    await expect(ground.client.send(head)).rejects.toMatchObject({ $metadata: { httpStatusCode: 400 } });
  });

  it('is listed with what there are checksums by, and so are its versions', async () => {
    const Key = 'checked';
    await ground.client.send(new PutObjectCommand({ Bucket, Key, Body: 'x', ChecksumAlgorithm: 'SHA256' }));
    const { Versions } = await ground.client.send(new ListObjectVersionsCommand({ Bucket, Prefix: Key }));
    expect(Versions).toMatchObject([{ Key, ChecksumAlgorithm: ['SHA256'], ChecksumType: 'FULL_OBJECT' }]);
  });
});

it('a browser that asks for a bucket that is not there is told so', async () => {
  const headers: HeaderField[] = [
    ['Host', 'localhost'],
    ['Origin', 'https://example.org'],
    ['Access-Control-Request-Method', 'GET'],
  ];
  const request = requestBytes({ method: 'OPTIONS', target: '/not-there/k', headers }, new Uint8Array(0));
  const { answers } = await ground.send(request);
  expect(answers.map(saidBy)).toEqual(['404 NoSuchBucket']);
});

it('what cannot be read as a request is answered with a document too', async () => {
  const { answers, closed } = await ground.send(Buffer.from('GET / HTTP/1.1\r\nno header\r\n\r\n'));
  expect(answers.map(saidBy)).toEqual(['400 BadRequest']);
  expect(answers[0]!.headers).toContainEqual(['Content-Type', 'application/xml']);
  expect(closed).toBe(true);
});

it('buckets belong to whom the gateway is told', async () => {
  const gateway = await openTestGateway({ options: { owner: { id: 'me', displayName: 'Me' } } });
  try {
    const { client, store } = gateway;
    await store.createBucket(Bucket, new AbortController().signal);
    expect((await client.send(new ListBucketsCommand())).Owner).toEqual({ ID: 'me', DisplayName: 'Me' });
    const put = { Bucket, Key: 'k', Body: 'x' };
    await client.send(new PutObjectCommand({ ...put, ExpectedBucketOwner: 'me' }));
    const other = client.send(new PutObjectCommand({ ...put, ExpectedBucketOwner: 'sealpart' }));
    await expect(other).rejects.toMatchObject({ name: 'AccessDenied' });
  } finally {
    await gateway.stop();
  }
});
