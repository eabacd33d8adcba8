import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateBucketCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { expect, it } from 'vitest';
import { openTestGateway, type TestGateway } from '../support/gateway/open-test-gateway.ts';
import { serverAvailable, startServer } from '../support/servers/start-server.ts';

/** Content of which every 16 bytes can be told from anybody else's. */
function pattern(seed: string, sizeBytes: number): Buffer {
  const unit = Buffer.from(`<<plaintext of ${seed} that nobody behind may see>>`);
  return Buffer.alloc(sizeBytes, unit);
}

/** Puts content through every way in, and gives back what must be found nowhere. */
async function putEveryWay(client: S3Client, bucket: string): Promise<Map<string, Buffer>> {
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  const contents = new Map<string, Buffer>([
    ['tiny', pattern('tiny', 60)],
    ['small', pattern('small', 40_000)],
    ['frames', pattern('frames', 300_000)],
    ['segments', pattern('segments', 18 * 2 ** 20)],
  ]);
  for (const [key, Body] of contents) {
    // A buffer is sent with its checksum in a header, a stream in chunks with a trailer.
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body, ChecksumAlgorithm: 'SHA256' }));
    const ContentMD5 = createHash('md5').update(Body).digest('base64');
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: `${key}-md5`, Body, ContentMD5 }));
  }
  // One that fails half-way, and one that is refused at its end.
  const refused = pattern('refused', 9 * 2 ** 20);
  const put = new PutObjectCommand({
    Bucket: bucket,
    Key: 'refused',
    Body: refused,
    ContentMD5: 'AAAAAAAAAAAAAAAAAAAAAA==',
  });
  await expect(client.send(put)).rejects.toMatchObject({ name: 'BadDigest' });
  contents.set('refused', refused);
  return contents;
}

/** What of content and keys may stand nowhere behind. */
function secretsOf(contents: ReadonlyMap<string, Buffer>, { key, secretAccessKey }: TestGateway): Map<string, Buffer> {
  const secrets = new Map<string, Buffer>();
  const text = (name: string, value: string) => secrets.set(name, Buffer.from(value));
  for (const [name, content] of contents) {
    secrets.set(`content of ${name}`, content.subarray(0, 48));
    for (const algorithm of ['md5', 'sha256']) {
      const digest = createHash(algorithm).update(content).digest();
      secrets.set(`${algorithm} of ${name}`, digest);
      text(`${algorithm} of ${name} in hex`, digest.toString('hex'));
      text(`${algorithm} of ${name} in base64`, digest.toString('base64'));
    }
  }
  secrets.set('the key', key);
  text('the key in hex', key.toString('hex'));
  text('the secret of the access key', secretAccessKey);
  return secrets;
}

async function search(
  folder: string,
  secrets: ReadonlyMap<string, Buffer>,
): Promise<{ found: string[]; bytes: number }> {
  const found: string[] = [];
  let bytes = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const content = await readFile(join(entry.parentPath, entry.name));
    bytes += content.length;
    for (const [name, secret] of secrets) if (content.includes(secret)) found.push(`${name} in ${entry.name}`);
  }
  return { found, bytes };
}

it('what lies behind the directory store and in the manifest is ciphertext only', async () => {
  const gateway = await openTestGateway();
  try {
    const contents = await putEveryWay(gateway.client, 'bucket');
    const { found, bytes } = await search(gateway.folder, secretsOf(contents, gateway));
    expect(bytes).toBeGreaterThan(36 * 2 ** 20);
    expect(found).toEqual([]);
    // The search itself can find: what is planted is found.
    expect(await search(gateway.folder, new Map([['magic', Buffer.from('SEALPART')]]))).not.toMatchObject({
      found: [],
    });
  } finally {
    await gateway.stop();
  }
});

it.skipIf(!serverAvailable('versitygw'))('what lies in a server behind is ciphertext only', async () => {
  await using server = await startServer('versitygw');
  const gateway = await openTestGateway({ behind: server });
  try {
    const contents = await putEveryWay(gateway.client, `b-${randomBytes(4).toString('hex')}`);
    const secrets = secretsOf(contents, gateway);
    const behind = await search(server.dataFolder, secrets);
    expect(behind.bytes).toBeGreaterThan(36 * 2 ** 20);
    expect(behind.found).toEqual([]);
    expect((await search(gateway.folder, secrets)).found).toEqual([]);
  } finally {
    await gateway.stop();
  }
});
