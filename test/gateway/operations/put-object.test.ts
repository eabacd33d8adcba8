import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { SealpartError } from '../../../src/errors.ts';
import { putObject } from '../../../src/gateway/operations/put-object.ts';
import { recordMetadataName } from '../../../src/gateway/records/record-book.ts';
import { S3Error, s3Error } from '../../../src/s3-protocol/errors/s3-error.ts';
import { toS3Error } from '../../../src/s3-protocol/errors/to-s3-error.ts';
import { markedContent, randomLooking } from '../../support/content.ts';
import { countRequests } from '../../support/counting-store.ts';
import { overridden } from '../../support/intake/overridden.ts';
import {
  bodyOf,
  md5,
  type PutScene,
  type PutTold,
  put,
  putBucket,
  putCall,
  putScene,
  told,
} from '../../support/intake/put-call.ts';
import { calm } from '../../support/streams.ts';

const key = 'letters/one';
const little = Buffer.from('a little content');
const large = randomLooking(700_000, 'large');

async function refusal(scene: PutScene, bytes: Uint8Array, given: PutTold = {}): Promise<S3Error> {
  const answer = await put(scene, bytes, given).catch((error: unknown) => error);
  if (answer instanceof S3Error || answer instanceof SealpartError) {
    return toS3Error(answer, { bucket: putBucket, key: given.key ?? key, condition: 'If-Match' });
  }
  throw new Error(`it was not refused: ${String(answer)}`);
}

async function record(scene: PutScene, of = key) {
  const head = await scene.ground.store.head({ bucket: putBucket, key: of }, calm);
  const found = await scene.ground.records.read({ bucket: putBucket, key: of, ...head }, calm);
  return { head, found };
}

function crcOf(bytes: Uint8Array): string {
  const value = Buffer.alloc(4);
  value.writeUInt32BE(crc32(bytes));
  return value.toString('base64');
}

describe('PutObject', () => {
  it.each([
    ['nothing', new Uint8Array(0)],
    ['little', little],
    ['more than a frame', large.subarray(0, 100_000)],
    ['several segments', large],
  ])('stores %s, and answers with the MD5 of it', async (_what, bytes) => {
    const scene = await putScene();
    const answer = await put(scene, bytes);
    expect(answer.status).toBe(200);
    expect(answer.headers).toEqual([
      ['ETag', `"${md5(bytes)}"`],
      ['x-amz-object-size', String(bytes.length)],
    ]);
    expect((await scene.read(key)).equals(bytes)).toBe(true);
    const { head, found } = await record(scene);
    expect(found).toMatchObject({
      etag: md5(bytes),
      contentLength: bytes.length,
      sizeBytes: head.sizeBytes,
      partCount: 0,
    });
    expect(recordMetadataName in head.metadata).toBe(bytes !== large);
    expect(await scene.left()).toEqual({ stored: 0, recorded: 0 });
  });

  it('costs one request at the store if it is small', async () => {
    let counting: ReturnType<typeof countRequests> | undefined;
    const scene = await putScene({}, (store) => {
      counting = countRequests(store);
      return counting as unknown as typeof store;
    });
    await put(scene, little);
    expect(counting!.requests).toEqual({ put: 1 });
  });

  it('is told an opaque ETag where MD5 is off, and says so as S3 does', async () => {
    const scene = await putScene({ etags: 'opaque' });
    for (const bytes of [little, large]) {
      const answer = await put(scene, bytes);
      const { head, found } = await record(scene);
      const etag = /-\d+$/.test(head.etag) ? head.etag : `${head.etag}-1`;
      expect(answer.headers).toEqual([
        ['ETag', `"${etag}"`],
        ['x-amz-object-size', String(bytes.length)],
        ['x-amz-server-side-encryption', 'aws:kms'],
      ]);
      expect(found).toMatchObject({ etag, contentLength: bytes.length });
      expect(head.metadata).toEqual({});
    }
  });

  it('keeps a directory, which is a key that ends in a slash and has no content', async () => {
    const scene = await putScene();
    expect((await put(scene, new Uint8Array(0), { key: 'a folder/' })).status).toBe(200);
    expect(await scene.read('a folder/')).toHaveLength(0);
  });

  it('keeps what the client says of the object', async () => {
    const scene = await putScene();
    const headers = [
      ['Content-Type', 'text/plain; charset=utf-8'],
      ['Cache-Control', 'max-age=60'],
      ['Content-Disposition', 'attachment'],
      ['Content-Encoding', 'aws-chunked, gzip'],
      ['Content-Language', 'de'],
      ['Expires', 'Thu, 01 Jan 2026 00:00:00 GMT'],
      ['x-amz-storage-class', 'STANDARD_IA'],
      ['x-amz-meta-Colour', ' dark green '],
      ['x-amz-meta-name', Buffer.from('Grüße').toString('latin1')],
      ['x-amz-meta-old', '\xfc'],
      ['x-amz-meta-empty', ''],
      ['x-amz-tagging', 'year=2025&with+blank=%C3%A4%2F&bare'],
      ['x-amz-server-side-encryption', 'AES256'],
      ['x-amz-acl', 'private'],
    ] as const;
    const answer = await put(scene, little, { headers });
    expect(told(answer, 'x-amz-server-side-encryption')).toBe('AES256');
    const { head } = await record(scene);
    const { [recordMetadataName]: _record, ...metadata } = head.metadata;
    expect(metadata).toEqual({
      colour: 'dark green',
      name: '=?UTF-8?B?R3LDvMOfZQ==?=',
      old: '=?UTF-8?B?w7w=?=',
      empty: '',
    });
    expect(head.tags).toEqual({ year: '2025', 'with blank': 'ä/', bare: '' });
    expect(head.headers).toEqual({
      'content-type': 'text/plain; charset=utf-8',
      'cache-control': 'max-age=60',
      'content-disposition': 'attachment',
      'content-encoding': 'gzip',
      'content-language': 'de',
      expires: 'Thu, 01 Jan 2026 00:00:00 GMT',
      'x-amz-storage-class': 'STANDARD_IA',
    });
    await put(scene, little, { key: 'plain' });
    expect((await record(scene, 'plain')).head.headers).toEqual({ 'content-type': 'binary/octet-stream' });
  });

  it.each([
    ['key=val&key=val', 'InvalidArgument'],
    ['=', 'InvalidArgument'],
    ['key%', 'InvalidArgument'],
    ['key=%FF', 'InvalidArgument'],
    ['key(=val', 'InvalidTag'],
    ['key=val?', 'InvalidTag'],
    ['aws:key=val', 'InvalidTag'],
    [Array.from({ length: 11 }, (_, i) => `k${i}=v`).join('&'), 'BadRequest'],
  ])('refuses the tags %s', async (tagging, code) => {
    const scene = await putScene();
    expect((await refusal(scene, little, { headers: [['x-amz-tagging', tagging]] })).code).toBe(code);
  });

  it('carries no record beside content whose metadata leaves no room for one', async () => {
    const scene = await putScene();
    const headers = [['x-amz-meta-much', 'x'.repeat(1900)]] as const;
    const answer = await put(scene, little, { headers });
    const { head, found } = await record(scene);
    expect(head.metadata).toEqual({ much: 'x'.repeat(1900) });
    expect(told(answer, 'etag')).toBe(`"${found!.etag}"`);
  });
});

describe('content that is compared with what was said of it', () => {
  it('answers with the checksum that the client chose', async () => {
    const scene = await putScene();
    for (const bytes of [little, large]) {
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      const headers = [
        ['x-amz-checksum-crc32', crcOf(bytes)],
        ['Content-MD5', Buffer.from(md5(bytes), 'hex').toString('base64')],
      ] as const;
      const answer = await put(scene, bytes, { headers, payload: sha256 });
      expect(told(answer, 'x-amz-checksum-crc32')).toBe(crcOf(bytes));
      expect(told(answer, 'x-amz-checksum-type')).toBe('FULL_OBJECT');
      expect((await record(scene)).found!.checksums).toEqual({ CRC32: crcOf(bytes) });
    }
  });

  it.each([
    ['Content-MD5', [['Content-MD5', Buffer.alloc(16).toString('base64')]], undefined, 'BadDigest'],
    ['a checksum', [['x-amz-checksum-crc32', crcOf(Buffer.from('other'))]], undefined, 'BadDigest'],
    ['the SHA-256', [], 'a'.repeat(64), 'XAmzContentSHA256Mismatch'],
    ['its length', [], undefined, 'IncompleteBody'],
  ] as const)('stores nothing where it differs in %s (A10)', async (what, headers, payload, code) => {
    for (const bytes of [little, large.subarray(0, 100_000), large]) {
      const scene = await putScene();
      const lengthBytes = bytes.length + (what === 'its length' ? 1 : 0);
      const given = { headers, lengthBytes, ...(payload === undefined ? {} : { payload }) };
      expect((await refusal(scene, bytes, given)).code).toBe(code);
      await expect(scene.ground.store.head({ bucket: putBucket, key }, calm)).rejects.toMatchObject({
        code: 'not-found',
      });
      expect(await scene.left()).toEqual({ stored: 0, recorded: 0 });
      scene.ground.intake.close();
    }
  });

  it('takes aws-chunked bodies apart, with what follows them', async () => {
    const scene = await putScene();
    for (const bytes of [new Uint8Array(0), little, large]) {
      const given = chunked(bytes, crcOf(bytes));
      const answer = await put(scene, given.body, given.told);
      expect(told(answer, 'x-amz-checksum-crc32')).toBe(crcOf(bytes));
      expect((await scene.read(key)).equals(bytes)).toBe(true);
      expect((await record(scene)).head.headers).not.toHaveProperty('content-encoding');
      const wrong = chunked(bytes, crcOf(Buffer.from('other')));
      expect((await refusal(scene, wrong.body, wrong.told)).code).toBe('BadDigest');
      const cut = chunked(bytes, crcOf(bytes));
      expect((await refusal(scene, cut.body.subarray(0, -5), cut.told)).code).toBe('IncompleteBody');
      const nobody = chunked(bytes, crcOf(bytes));
      expect((await put(scene, nobody.body, { ...nobody.told, anonymous: true })).status).toBe(200);
    }
  });

  it('refuses signed chunks of nobody, and chunks whose signatures are wrong', async () => {
    const scene = await putScene();
    const payload = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD';
    const body = Buffer.from(
      `3;chunk-signature=${'a'.repeat(64)}\r\nabc\r\n0;chunk-signature=${'b'.repeat(64)}\r\n\r\n`,
    );
    const headers = [['x-amz-decoded-content-length', '3']] as const;
    expect((await refusal(scene, body, { payload, headers })).code).toBe('SignatureDoesNotMatch');
    expect((await refusal(scene, body, { payload, headers, anonymous: true })).code).toBe('AccessDenied');
    await expect(scene.ground.store.head({ bucket: putBucket, key }, calm)).rejects.toMatchObject({
      code: 'not-found',
    });
  });

  it('refuses before it reads what says no length, or too much', async () => {
    const scene = await putScene();
    const body = bodyOf(little, undefined);
    expect((await refusal(scene, little, { body })).code).toBe('MissingContentLength');
    const tooMuch = bodyOf(little, 2 ** 50);
    expect((await refusal(scene, little, { body: tooMuch })).code).toBe('EntityTooLarge');
    expect([body.receivedBytes, tooMuch.receivedBytes]).toEqual([0, 0]);
  });
});

describe('a PutObject that goes wrong', () => {
  it('leaves nothing if its client goes away (H01)', async () => {
    for (const bytes of [little, large]) {
      const scene = await putScene();
      const body = bodyOf(bytes.subarray(0, bytes.length / 2), bytes.length, s3Error('IncompleteBody'));
      expect((await refusal(scene, bytes, { body })).code).toBe('IncompleteBody');
      expect(await scene.left()).toEqual({ stored: 0, recorded: 0 });
      scene.ground.intake.close();
    }
  });

  it('keeps its own error where what it leaves cannot be cleared away', async () => {
    const scene = await putScene({}, (store) => {
      const abortMultipart = async () => {
        throw new SealpartError('store', 'The store is away.');
      };
      return overridden(store, { abortMultipart });
    });
    const headers = [['Content-MD5', Buffer.alloc(16).toString('base64')]] as const;
    expect((await refusal(scene, large, { headers })).code).toBe('BadDigest');
    expect(scene.troubles).toEqual([`An upload to ${putBucket}/${key} is left behind`]);
  });

  it('is told of a bucket that is not there', async () => {
    const scene = await putScene();
    for (const bytes of [little, large]) {
      const call = { ...putCall(scene, bytes), bucket: 'nowhere' };
      const error = await putObject(call, calm).catch((thrown: unknown) => thrown);
      expect(toS3Error(error, { bucket: 'nowhere', key }).code).toBe('NoSuchBucket');
    }
    expect(await scene.left()).toEqual({ stored: 0, recorded: 0 });
  });

  it('is told an ETag that it will have, where its record cannot be written', async () => {
    const scene = await putScene();
    const records = {
      ...scene.ground.records,
      sealForMetadata: scene.ground.records.sealForMetadata.bind(scene.ground.records),
      write: async () => {
        throw new SealpartError('manifest', 'The database is away.');
      },
    };
    const broken = { ...scene, ground: { ...scene.ground, records } };
    // Beside the object: whoever reads it finds the record there.
    expect(told(await put(broken, little), 'etag')).toBe(`"${md5(little)}"`);
    expect((await record(scene)).found?.etag).toBe(md5(little));
    const answer = await put(broken, large);
    const { head, found } = await record(scene);
    expect(answer.status).toBe(200);
    expect(found).toBeUndefined();
    expect(told(answer, 'etag')).toBe(`"${head.etag}"`);
    expect(scene.troubles).toHaveLength(2);
  });

  it('is asked to come back later, before its content is asked for, where too many wait', async () => {
    const scene = await putScene();
    Object.defineProperty(scene.ground.intake, 'admits', { value: false });
    const body = bodyOf(large, large.length);
    expect((await refusal(scene, large, { body })).code).toBe('SlowDown');
    expect(body.receivedBytes).toBe(0);
    // What takes no memory is done all the same.
    expect((await put(scene, little)).status).toBe(200);
  });
});

describe('conditional writes', () => {
  it('are made under the condition, by the ETag that the client knows', async () => {
    for (const bytes of [little, large]) {
      const scene = await putScene();
      const absent = { headers: [['If-None-Match', '*']] as const };
      expect((await refusal(scene, bytes, { headers: [['If-Match', `"${md5(bytes)}"`]] })).code).toBe('NoSuchKey');
      expect((await put(scene, bytes, absent)).status).toBe(200);
      expect((await refusal(scene, bytes, absent)).code).toBe('PreconditionFailed');
      expect((await put(scene, bytes, { headers: [['If-Match', md5(bytes)]] })).status).toBe(200);
      expect((await put(scene, bytes, { headers: [['If-Match', '*']] })).status).toBe(200);
      const other = { headers: [['If-Match', '"incorrect"']] as const };
      expect((await refusal(scene, bytes, other)).code).toBe('PreconditionFailed');
      expect((await refusal(scene, bytes, { headers: [['If-None-Match', '"x"']] })).code).toBe('NotImplemented');
      expect(await scene.left()).toEqual({ stored: 0, recorded: 0 });
    }
  });

  it('notice an object that is replaced while the content comes', async () => {
    const scene = await putScene();
    await put(scene, little);
    const body = bodyOf(large, large.length);
    const next = body.next.bind(body);
    let isReplaced = false;
    const replacing = {
      lengthBytes: large.length,
      receivedBytes: 0,
      next: async (signal: AbortSignal) => {
        if (!isReplaced) await put(scene, little);
        isReplaced = true;
        return next(signal);
      },
    };
    const error = await refusal(scene, large, { body: replacing, headers: [['If-Match', md5(little)]] });
    expect(error.code).toBe('PreconditionFailed');
    expect((await scene.read(key)).equals(little)).toBe(true);
  });
});

describe('what lies behind', () => {
  it('holds nothing of the content, of its MD5, of what only the client knows', async () => {
    const written: Buffer[] = [];
    const scene = await putScene({}, (store) => {
      const noted = (body: { pieces: readonly Uint8Array[] }) =>
        written.push(...body.pieces.map((p) => Buffer.from(p)));
      return overridden(store, {
        put: (...given: Parameters<typeof store.put>) => {
          noted(given[1] as never);
          written.push(Buffer.from(JSON.stringify(given.slice(2, 4))));
          return store.put(...given);
        },
        uploadPart: (...given: Parameters<typeof store.uploadPart>) => {
          noted(given[2] as never);
          return store.uploadPart(...given);
        },
      });
    });
    for (const length of [1000, 100_000, 700_000]) {
      const bytes = markedContent(length, 9);
      await put(scene, bytes);
      const all = Buffer.concat(written.splice(0));
      const hex = md5(bytes);
      for (const secret of [Buffer.from('feedc0de', 'hex'), Buffer.from(hex), Buffer.from(hex, 'hex')]) {
        expect(all.indexOf(secret)).toBe(-1);
      }
      expect(all.indexOf(Buffer.from(hex, 'hex').toString('base64'))).toBe(-1);
    }
  });
});

/** A body in unsigned chunks, as the newest clients send it. */
function chunked(bytes: Uint8Array, trailer: string): { body: Uint8Array; told: PutTold } {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += 65_536) {
    const chunk = bytes.subarray(at, at + 65_536);
    pieces.push(Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n'));
  }
  pieces.push(Buffer.from(`0\r\nx-amz-checksum-crc32:${trailer}\r\n\r\n`));
  return {
    body: Buffer.concat(pieces),
    told: {
      payload: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
      lengthBytes: undefined,
      headers: [
        ['Content-Encoding', 'aws-chunked'],
        ['x-amz-decoded-content-length', String(bytes.length)],
        ['x-amz-trailer', 'x-amz-checksum-crc32'],
      ],
    },
  };
}
