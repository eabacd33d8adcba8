import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { expect, it } from 'vitest';
import { deriveSigningKey } from '../../src/s3-protocol/signature/signing-key.ts';
import { until } from '../cli/cli-process.ts';
import { type SigningOptions, signedByHeader, signedByQuery, withHeader } from '../s3-protocol/sdk-signer.ts';
import { startFaultProxy } from '../support/fault-proxy/fault-proxy.ts';
import { beginPut } from '../support/gateway/paced-put.ts';
import { exchangeRaw, requestBytes } from '../support/gateway/raw-exchange.ts';
import { hostOf } from '../support/gateway/signed-ground.ts';
import { startGateway } from '../support/gateway/start-gateway.ts';
import { plainClient } from '../support/servers/s3-client.ts';
import { serverAvailable, startServer } from '../support/servers/start-server.ts';

// I8: what a gateway says of requests, of those that it refuses and of those that fail, to whoever reads its logs.

const mib = 2 ** 20;
const Bucket = 'bucket';
const content = Buffer.alloc(12 * mib, '<<plaintext that stands in no log>>');

/** Every way in which a digest is written. */
function digests(bytes: Uint8Array): string[] {
  return ['md5', 'sha256'].flatMap((algorithm) => {
    const digest = createHash(algorithm).update(bytes).digest();
    return [digest.toString('hex'), digest.toString('base64')];
  });
}

it.skipIf(!serverAvailable('versitygw'))('I8: no log says what nobody may know, however much is logged', async () => {
  await using server = await startServer('versitygw');
  await using proxy = await startFaultProxy({ upstream: server.endpoint });
  await using gateway = await startGateway({
    flags: ['--store', 's3', '--endpoint-url', proxy.endpoint, '--log-level', 'trace', '--access-log', 'access.log'],
    env: { AWS_ACCESS_KEY_ID: server.accessKeyId, AWS_SECRET_ACCESS_KEY: server.secretAccessKey },
  });
  const client = plainClient({ ...gateway, endpoint: gateway.url });
  const { port, accessKeyId, secretAccessKey: secret, region } = gateway;
  const options = (): SigningOptions => ({ atMs: Date.now(), accessKeyId, secret, region });
  const told: string[] = [];
  const secrets: string[] = [];
  const send = async (request: Awaited<ReturnType<typeof signedByHeader>>, body: Uint8Array = Buffer.alloc(0)) => {
    const exchange = await exchangeRaw(port, [requestBytes({ ...request, headers: hostOf(request) }, body)]);
    told.push(exchange.answers.map(({ status }) => status).join());
    secrets.push(...[...JSON.stringify(request).matchAll(/Signature=([0-9a-f]{64})/g)].map(([, found]) => found!));
  };

  await client.send(new CreateBucketCommand({ Bucket }));
  await client.send(new PutObjectCommand({ Bucket, Key: 'stored', Body: content }));
  await client.send(new PutObjectCommand({ Bucket, Key: 'small', Body: content.subarray(0, 1000) }));
  const path = `/${Bucket}/small`;
  // Refusals: signatures that are wrong or late, URLs that were changed, digests that are another's, names that are ours.
  const presigned = await signedByQuery({ method: 'GET', path }, options());
  await send(presigned);
  await send({ ...presigned, target: presigned.target.replace('small', 'other') });
  await send(await signedByQuery({ method: 'GET', path }, { ...options(), atMs: Date.now() - 3_600_000 }));
  const signed = await signedByHeader({ method: 'GET', path }, options());
  await send(withHeader(signed, 'authorization', (text) => text.replace(/.$/, (digit) => (digit === '0' ? '1' : '0'))));
  await send(
    await signedByHeader({ method: 'GET', path }, { ...options(), secret: 'another-secret-than-that-0123456789' }),
  );
  const [md5] = [createHash('md5').update(content.subarray(0, 500)).digest('base64')];
  const put = { method: 'PUT', path, headers: { 'content-md5': md5, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } };
  await send(await signedByHeader(put, options()), content.subarray(0, 1000));
  await send(await signedByHeader({ method: 'GET', path: `/${Bucket}/.sealpart/x` }, options()));
  await send({ ...signed, headers: [...signed.headers, ['x-amz-security-token', 'a-token-that-is-secret']] });
  secrets.push('a-token-that-is-secret', 'another-secret-than-that');
  // Failures: a client that goes, a store that breaks off in the middle, and one that is away.
  const gone = await beginPut(gateway, `/${Bucket}/gone`, content);
  await gone.send(9 * mib);
  const broken = await proxy.addRule({
    match: { operation: ['GetObject', 'UploadPart'] },
    times: 'always',
    action: { do: 'alterAnswer', body: { flipBits: [8 * 5000] } },
  });
  const whole = await signedByQuery({ method: 'GET', path: `/${Bucket}/stored` }, options());
  await send(whole).catch(() => told.push('broken off'));
  await broken.remove();
  gateway.signal('SIGTERM');
  await until(() => gateway.output().includes('stopping'));
  gateway.signal('SIGTERM');
  await until(() => !gateway.running());
  await gone.answered;
  client.destroy();

  const logs = gateway.output() + (await readFile(join(gateway.folder, 'access.log'), 'latin1'));
  // It was told of all this, so that the search is one of something.
  expect(told.filter((status) => /^[45]/.test(status)).length).toBeGreaterThan(5);
  for (const word of ['SignatureDoesNotMatch', 'BadDigest', 'small', 'PutObject', '"level":"debug"']) {
    expect(logs).toContain(word);
  }
  const keyText = (await readFile(join(gateway.folder, 'key'), 'utf8')).trim();
  const date = new Date().toISOString().slice(0, 10).replaceAll('-', '');
  const signingKey = deriveSigningKey(secret, { date, region }).export();
  const hidden = [
    ...[secret, secret.slice(4), server.secretAccessKey, keyText, signingKey.toString('hex')],
    ...[signingKey.toString('base64'), content.toString('latin1', 0, 24)],
    ...[content, content.subarray(0, 1000), content.subarray(0, 500)].flatMap(digests),
    ...secrets,
  ];
  expect(hidden.length).toBeGreaterThan(20);
  expect(hidden.filter((each) => logs.includes(each))).toEqual([]);
});
