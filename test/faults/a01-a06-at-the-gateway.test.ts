import { GetObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HeaderField, RawRequest } from '../../src/s3-protocol/signature/raw-request.ts';
import { botocoreIsHere, signedByBotocore } from '../s3-protocol/botocore-signer.ts';
import { signedByHeader, signedByQuery, withHeader, withHeaders, withParameter } from '../s3-protocol/sdk-signer.ts';
import { randomLooking } from '../support/content.ts';
import { noteFault } from '../support/fault-log.ts';
import { requestBytes } from '../support/gateway/raw-exchange.ts';
import {
  hostOf,
  openSignedGround,
  refusedAtTheGateway,
  type SignedGround,
  saidBy,
  signedBucket,
  storedNames,
} from '../support/gateway/signed-ground.ts';
import { type Payload, payloads, signedPut } from '../support/gateway/signed-put.ts';

// A01–A06 at the gateway: requests go over a socket of their own, byte for byte. Each that is refused carries a whole
// further request as its body, which must never be read as one, and the store must not be asked for anything.

let ground: SignedGround;
beforeAll(async () => {
  ground = await openSignedGround();
});
afterAll(() => ground?.stop());

const path = `/${signedBucket}/key`;
const put = { method: 'PUT', path };
const byHeader = (headers: Record<string, string> = {}): Promise<RawRequest> =>
  signedByHeader({ ...put, headers: { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD', ...headers } }, { atMs: Date.now() });
const byQuery = (headers: Record<string, string> = {}): Promise<RawRequest> =>
  signedByQuery({ ...put, headers }, { atMs: Date.now() });

function changedSignature(request: RawRequest): RawRequest {
  const other = (hex: string): string => hex.replace(/[0-9a-f]$/, (digit) => (digit === '0' ? '1' : '0'));
  const target = request.target.replace(/(?<=X-Amz-Signature=)[0-9a-f]+/, other);
  return withHeader({ ...request, target }, 'authorization', (value) =>
    value.replace(/(?<=Signature=)[0-9a-f]+$/, other),
  );
}

function withoutSignature(request: RawRequest): RawRequest {
  const bare = withHeader(request, 'authorization', (value) => value.replace(/,\s*Signature=.*/, ''));
  return bare.target.includes('X-Amz-Signature') ? withParameter(bare, 'X-Amz-Signature', undefined) : bare;
}

async function contentOf(key: string): Promise<Buffer> {
  const { Body } = await ground.client.send(new GetObjectCommand({ Bucket: signedBucket, Key: key }));
  return Buffer.from(await Body!.transformToByteArray());
}

describe('A01: every payload with every kind of signature', () => {
  const content = Buffer.from(randomLooking(20_000, 'A01'));

  it.each(['header', 'query'] as const)('signed in the %s, is stored as it was', async (where) => {
    for (const payload of Object.keys(payloads) as Payload[]) {
      const key = `stored ${where} ${payload}`;
      const target = `/${signedBucket}/${encodeURIComponent(key)}`;
      const { request, pieces } = await signedPut(target, content, { where, payload });
      const bytes = requestBytes({ ...request, headers: hostOf(request) }, Buffer.concat(pieces));
      const { answers, closed } = await ground.send(bytes);
      expect([answers.map(saidBy), closed], key).toEqual([['200'], false]);
      expect((await contentOf(key)).equals(content), key).toBe(true);
    }
    noteFault({ id: 'A01', injected: `payloads signed in the ${where}`, reached: 5, outcome: 'stored as they were' });
  });

  it('is refused with a wrong signature, none, and an unknown key', async () => {
    const before = await storedNames(ground);
    let reached = 0;
    for (const where of ['header', 'query'] as const) {
      const expected = {
        'bad signature': '403 SignatureDoesNotMatch',
        'no signature':
          where === 'header' ? '400 AuthorizationHeaderMalformed' : '400 AuthorizationQueryParametersError',
        'unknown key': '403 InvalidAccessKeyId',
      };
      for (const payload of Object.keys(payloads) as Payload[]) {
        const { request, pieces } = await signedPut(path, content, { where, payload });
        const unknown = await signedPut(path, content, { where, payload, accessKeyId: 'AKIDUNKNOWN' });
        const forms: [keyof typeof expected, RawRequest, readonly Buffer[]][] = [
          ['bad signature', changedSignature(request), pieces],
          ['no signature', withoutSignature(request), pieces],
          ['unknown key', unknown.request, unknown.pieces],
        ];
        for (const [credentials, wrong, own] of forms) {
          const label = `${where}, ${payload}, ${credentials}`;
          expect(await refusedAtTheGateway(ground, wrong), label).toBe(expected[credentials]);
          expect(await refusedAtTheGateway(ground, wrong, { body: Buffer.concat(own) }), label).toBe(
            expected[credentials],
          );
          reached += 2;
        }
      }
    }
    expect(await storedNames(ground)).toEqual(before);
    noteFault({ id: 'A01', injected: 'payloads × signatures', reached, outcome: 'refused, nothing stored' });
  });

  it('is refused where it says no payload, or one that is none', async () => {
    const signed = await byHeader();
    const junk = await byHeader({ 'x-amz-content-sha256': 'STREAMING' });
    const inQuery = await byQuery({ 'X-Amz-Content-Sha256': 'STREAMING' });
    const ecdsa = await byHeader({ 'x-amz-content-sha256': 'STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD' });
    expect(
      await refusedAtTheGateway(
        ground,
        withHeader(signed, 'x-amz-content-sha256', () => undefined),
      ),
    ).toBe('400 InvalidRequest');
    for (const request of [junk, inQuery])
      expect(await refusedAtTheGateway(ground, request)).toBe('400 InvalidArgument');
    expect(await refusedAtTheGateway(ground, ecdsa)).toBe('501 NotImplemented');
    const anonymous = { ...put, target: path, headers: [] };
    expect(await refusedAtTheGateway(ground, anonymous)).toBe('403 AccessDenied');
    noteFault({ id: 'A01', injected: 'payloads that are none', reached: 5, outcome: 'refused, nothing stored' });
  });

  it('is refused in other ways to sign', async () => {
    const request = await byHeader();
    const values: [string, string][] = [
      ['invalid_header', '400 InvalidArgument'],
      ['AWS AKID:c2lnbmF0dXJl', '400 InvalidRequest'],
      ['Basic dXNlcjpwYXNz', '400 InvalidArgument'],
      ['AWS4-HMAC-SHA256 Credential', '400 AuthorizationHeaderMalformed'],
    ];
    for (const [value, code] of values) {
      expect(
        await refusedAtTheGateway(
          ground,
          withHeader(request, 'authorization', () => value),
        ),
        value,
      ).toBe(code);
    }
    noteFault({ id: 'A01', injected: 'other ways to sign', reached: values.length, outcome: '400' });
  });

  it.skipIf(!botocoreIsHere)('by botocore, is let through and refused as well', async () => {
    const signed = signedByBotocore([{ method: 'GET', target: `/${signedBucket}?list-type=2`, headers: {} }]);
    for (const request of signed) {
      const right = await ground.send(requestBytes(request, Buffer.alloc(0)));
      expect(right.answers.map(saidBy)).toEqual(['200']);
      expect(await refusedAtTheGateway(ground, changedSignature(request))).toBe('403 SignatureDoesNotMatch');
    }
    noteFault({ id: 'A01', injected: 'signatures of botocore, changed', reached: signed.length, outcome: '403' });
  });
});

describe('A02: a name in the URL, nobody who signs, and a body that vouches for itself', () => {
  it('is refused however much of a signature stands there', async () => {
    const body: HeaderField[] = [
      ['x-amz-content-sha256', 'STREAMING-UNSIGNED-PAYLOAD-TRAILER'],
      ['x-amz-trailer', 'x-amz-checksum-crc32'],
      ['x-amz-decoded-content-length', '5'],
    ];
    let request = withHeaders(await byQuery(), ...body);
    const said = [await refusedAtTheGateway(ground, request)];
    for (const name of ['X-Amz-Signature', 'X-Amz-Algorithm', 'X-Amz-Date', 'X-Amz-SignedHeaders', 'X-Amz-Expires']) {
      request = withParameter(request, name, undefined);
      said.push(await refusedAtTheGateway(ground, request));
    }
    said.push(await refusedAtTheGateway(ground, { ...request, target: path }));
    expect(said).toEqual(said.map(() => '403 AccessDenied'));
    noteFault({ id: 'A02', injected: 'a credential without a signature', reached: said.length, outcome: '403' });
  });
});

describe('A03: signed in the header and in the URL', () => {
  it('is refused, whichever of them is right', async () => {
    const [inHeader, inQuery] = [await byHeader(), await byQuery()];
    const authorization = inHeader.headers.filter(([name]) => name === 'authorization');
    const both = [
      withHeaders(inQuery, ...authorization),
      withHeaders(inQuery, ['AUTHORIZATION', 'x']),
      { ...inHeader, target: inQuery.target },
      withParameter(inHeader, 'X-Amz-Signature', 'x'),
      withParameter(inHeader, 'AWSAccessKeyId', 'x'),
    ];
    for (const request of both) expect(await refusedAtTheGateway(ground, request)).toBe('400 InvalidArgument');
    noteFault({ id: 'A03', injected: 'two signatures', reached: both.length, outcome: '400 InvalidArgument' });
  });
});

describe('A04: headers that come twice', () => {
  it('refuses a second Host, Authorization, date, or signed header, the same or another', async () => {
    const request = await byHeader({ range: 'bytes=0-1', 'x-amz-acl': 'private' });
    let reached = 0;
    for (const [name, value] of hostOf(request)) {
      for (const twin of [value, '']) {
        const field: HeaderField = [name.toUpperCase(), twin];
        const said = await refusedAtTheGateway(ground, { ...request, headers: [field, ...hostOf(request)] });
        expect(['400 InvalidRequest', '400 BadRequest'], `${name}: ${twin}`).toContain(said);
        reached++;
      }
    }
    noteFault({ id: 'A04', injected: 'a header twice', reached, outcome: '400' });
  });
});

describe('A05: x-amz- headers that nobody signed', () => {
  it('refuses them', async () => {
    const more: HeaderField[] = [
      ['X-Amz-Tagging', 'a=b'],
      ['x-amz-copy-source', '/other/key'],
      ['x-amz-acl', 'public-read'],
      ['x-amz-meta-a', 'b'],
    ];
    for (const request of [await byHeader(), await byQuery()]) {
      for (const field of more) {
        expect(await refusedAtTheGateway(ground, withHeaders(request, field)), field[0]).toBe('403 AccessDenied');
      }
    }
    noteFault({
      id: 'A05',
      injected: 'unsigned x-amz- headers',
      reached: more.length * 2,
      outcome: '403 AccessDenied',
    });
  });
});

describe('A06: lists of signed headers', () => {
  it('must hold the host, in lower case, sorted, each once', async () => {
    const [inHeader, inQuery] = [await byHeader(), await byQuery()];
    const malformed = ['400 AuthorizationHeaderMalformed', '400 AuthorizationQueryParametersError'];
    const lists: [string, readonly string[]][] = [
      ['x-amz-content-sha256;x-amz-date', ['403 AccessDenied', '403 AccessDenied']],
      ...['x-amz-date;host;x-amz-content-sha256', 'host;host', 'Host', 'host;', ';host', ';', '', 'host x'].map(
        (list): [string, readonly string[]] => [list, malformed],
      ),
    ];
    for (const [list, said] of lists) {
      const header = withHeader(inHeader, 'authorization', (value) =>
        value.replace(/SignedHeaders=[^,]*/, `SignedHeaders=${list}`),
      );
      const query = withParameter(inQuery, 'X-Amz-SignedHeaders', encodeURIComponent(list));
      expect([await refusedAtTheGateway(ground, header), await refusedAtTheGateway(ground, query)], list).toEqual(said);
    }
    noteFault({ id: 'A06', injected: 'lists that are none', reached: lists.length * 2, outcome: '403 or 400' });
  });
});

describe('after all of them', () => {
  it('nothing was stored but what was rightly signed', async () => {
    expect((await storedNames(ground)).filter((name) => !name.startsWith('stored '))).toEqual([]);
  });
});
