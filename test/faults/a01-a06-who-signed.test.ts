import { describe, expect, it } from 'vitest';
import type { HeaderField, RawRequest } from '../../src/s3-protocol/signature/raw-request.ts';
import { verifySignature } from '../../src/s3-protocol/signature/verify-signature.ts';
import { codeOf, refusalOf } from '../s3-protocol/refusal-of.ts';
import {
  accessKeyId,
  emptySha256,
  nowMs,
  rules,
  signedByHeader,
  signedByQuery,
  withHeader,
  withHeaders,
  withParameter,
} from '../s3-protocol/sdk-signer.ts';
import { noteFault } from '../support/fault-log.ts';

// A01–A06: who a request says it is from, and how it shows it. Signed by the SDK; each case is a request that nearly is.

const put = { method: 'PUT', path: '/bucket/key' };
const verify = (request: RawRequest) => verifySignature(request, rules, nowMs);

const payloads = {
  unsigned: 'UNSIGNED-PAYLOAD',
  sha256: emptySha256,
  signedChunks: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
  signedTrailer: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
  unsignedTrailer: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
  missing: undefined,
  junk: 'STREAMING',
} as const;

type Payload = keyof typeof payloads;
type Credentials = 'valid' | 'bad signature' | 'no signature' | 'unknown key';

async function signed(where: 'header' | 'query', payload: Payload, credentials: Credentials): Promise<RawRequest> {
  const value = payloads[payload];
  const options = credentials === 'unknown key' ? { accessKeyId: 'AKIDUNKNOWN' } : {};
  const name = where === 'header' ? 'x-amz-content-sha256' : 'X-Amz-Content-Sha256';
  const headers: Record<string, string> = value === undefined ? {} : { [name]: value };
  let request = await (where === 'header' ? signedByHeader : signedByQuery)({ ...put, headers }, options);
  // The signers insist on a hash: without the header in their hands it would not be a request of S3.
  if (value === undefined && where === 'header') request = withHeader(request, name, () => undefined);
  if (credentials === 'bad signature') request = changedSignature(request);
  if (credentials === 'no signature') request = withoutSignature(request);
  return request;
}

function changedSignature(request: RawRequest): RawRequest {
  const other = (hex: string) => hex.replace(/[0-9a-f]$/, (digit) => (digit === '0' ? '1' : '0'));
  const target = request.target.replace(/(?<=X-Amz-Signature=)[0-9a-f]+/, other);
  return withHeader({ ...request, target }, 'authorization', (value) =>
    value.replace(/(?<=Signature=)[0-9a-f]+$/, other),
  );
}

function withoutSignature(request: RawRequest): RawRequest {
  const bare = withHeader(request, 'authorization', (value) => value.replace(/,\s*Signature=.*/, ''));
  return bare.target.includes('X-Amz-Signature') ? withParameter(bare, 'X-Amz-Signature', undefined) : bare;
}

/** What each combination ends in; everything that is not here is let through. */
function expected(where: 'header' | 'query', payload: Payload, credentials: Credentials): string {
  if (credentials === 'no signature') {
    return where === 'header' ? '400 AuthorizationHeaderMalformed' : '400 AuthorizationQueryParametersError';
  }
  if (payload === 'junk') return '400 InvalidArgument';
  // A header that was signed and has gone is missed before its name would be.
  if (payload === 'missing' && where === 'header') return '400 InvalidRequest';
  if (credentials === 'unknown key') return '403 InvalidAccessKeyId';
  return '403 SignatureDoesNotMatch';
}

describe('A01: every payload with every kind of signature', () => {
  it('lets through only what is signed, and knows the payload', async () => {
    let refused = 0;
    const accepted: string[] = [];
    for (const where of ['header', 'query'] as const) {
      for (const payload of Object.keys(payloads) as Payload[]) {
        for (const credentials of ['valid', 'bad signature', 'no signature', 'unknown key'] as const) {
          const request = await signed(where, payload, credentials);
          const label = `${where}, ${payload}, ${credentials}`;
          const passes =
            credentials === 'valid' && payload !== 'junk' && !(where === 'header' && payload === 'missing');
          if (passes) {
            expect(verify(request).accessKeyId, label).toBe(accessKeyId);
            accepted.push(`${where} ${verify(request).payload.kind}`);
          } else {
            expect(
              codeOf(() => verify(request)),
              label,
            ).toBe(expected(where, payload, credentials));
            refused++;
          }
        }
      }
    }
    expect(accepted).toEqual([
      ...['header unsigned', 'header sha256', 'header chunked', 'header chunked', 'header chunked'],
      ...['query unsigned', 'query sha256', 'query chunked', 'query chunked', 'query chunked', 'query unsigned'],
    ]);
    noteFault({
      id: 'A01',
      injected: 'payload kinds × signatures',
      reached: refused,
      outcome: 'refused with its code',
    });
  });

  it.each(['STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD', 'STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER'])(
    'does not do %s',
    async (value) => {
      const request = await signedByHeader({ ...put, headers: { 'x-amz-content-sha256': value } });
      expect(codeOf(() => verify(request))).toBe('501 NotImplemented');
    },
  );

  it('refuses other ways to sign', async () => {
    const request = await signedByHeader(put);
    const instead = (value: string) => withHeader(request, 'authorization', () => value);
    const rest = `Credential=${accessKeyId}/20260930/eu-central-1/s3/aws4_request,SignedHeaders=host,Signature=${'0'.repeat(64)}`;
    const cases: [string, string][] = [
      ['invalid_header', '400 InvalidArgument'],
      ['', '400 InvalidArgument'],
      ['AWS AKID:c2lnbmF0dXJl', '400 InvalidRequest'],
      ['Basic dXNlcjpwYXNz', '400 InvalidArgument'],
      [`AWS2-HMAC-SHA1 ${rest}`, '400 InvalidArgument'],
      [`AWS4-ECDSA-P256-SHA256 ${rest}`, '400 InvalidArgument'],
      [`aws4-hmac-sha256 ${rest}`, '400 InvalidArgument'],
      [`AWS4-HMAC-SHA256  ${rest},`, '400 AuthorizationHeaderMalformed'],
      [`AWS4-HMAC-SHA256 ${rest.replace('SignedHeaders=', 'SignedHeaders-')}`, '400 AuthorizationHeaderMalformed'],
    ];
    for (const [value, code] of cases)
      expect(
        codeOf(() => verify(instead(value))),
        value,
      ).toBe(code);
    const second = { ...put, target: '/bucket/key?AWSAccessKeyId=AKID&Expires=1&Signature=x', headers: [] };
    expect(codeOf(() => verify(second))).toBe('400 InvalidRequest');
  });

  it('refuses a signature for another service, region, day or end', async () => {
    const request = await signedByHeader(put);
    const scope = (value: string) =>
      withHeader(request, 'authorization', (text) =>
        text.replace(/Credential=[^,]+/, `Credential=${accessKeyId}/${value}`),
      );
    const message = (value: string) => refusalOf(() => verify(scope(value))).message;
    const malformed = 'The authorization header is malformed;';
    expect(message('32234/us-east-1/s3/extra/things')).toBe(
      `${malformed} the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".`,
    );
    expect(message('32234/us-east-1/s3/aws_request')).toBe(
      `${malformed} incorrect terminal "aws_request". This endpoint uses "aws4_request".`,
    );
    expect(message('32234/us-east-1/ec2/aws4_request')).toBe(
      `${malformed} incorrect service "ec2". This endpoint belongs to "s3".`,
    );
    expect(message('3223423234/us-east-1/s3/aws4_request')).toBe(
      `${malformed} incorrect date format "3223423234". This date in the credential must be in the format "yyyyMMdd".`,
    );
    expect(message('20260930/us-east-1/s3/aws4_request')).toBe(
      `${malformed} the region "us-east-1" is wrong; expecting "eu-central-1"`,
    );
    expect(message('20260929/eu-central-1/s3/aws4_request')).toContain('Invalid credential date.');
    const elsewhere = await signedByHeader(put, { region: 'mars-1' });
    expect(refusalOf(() => verify(elsewhere)).fields.Region).toBe('eu-central-1');
    const anywhere = { findSecret: rules.findSecret };
    expect(verifySignature(elsewhere, anywhere, nowMs).seed.scope).toBe('20260930/mars-1/s3/aws4_request');
  });

  it('takes an empty secret as none, whoever configured it', async () => {
    const request = await signedByHeader(put, { secret: '' });
    const empty = { findSecret: () => '' };
    expect(codeOf(() => verifySignature(request, empty, nowMs))).toBe('403 InvalidAccessKeyId');
  });

  it('knows no session tokens', async () => {
    const token: HeaderField = ['x-amz-security-token', 'token'];
    const request = await signedByHeader({ ...put, headers: { [token[0]]: token[1] } });
    expect(codeOf(() => verify(request))).toBe('400 InvalidToken');
    const presigned = await signedByQuery(put);
    const inUrl = withParameter(presigned, 'X-Amz-Security-Token', 'token');
    expect(refusalOf(() => verify(inUrl)).message).toBe('Authorization with X-Amz-Security-Token is not supported');
  });
});

describe('A02: a name in the URL, nobody who signs, and a body that vouches for itself', () => {
  it('is refused however much of a signature stands there', async () => {
    const presigned = await signedByQuery(put);
    const parameters = ['X-Amz-Signature', 'X-Amz-Algorithm', 'X-Amz-Date', 'X-Amz-SignedHeaders', 'X-Amz-Expires'];
    const body: HeaderField[] = [
      ['x-amz-content-sha256', 'STREAMING-UNSIGNED-PAYLOAD-TRAILER'],
      ['x-amz-trailer', 'x-amz-checksum-crc32'],
      ['x-amz-decoded-content-length', '5'],
    ];
    let request = withHeaders(presigned, ...body);
    const codes: string[] = [codeOf(() => verify(request))];
    for (const name of parameters) {
      request = withParameter(request, name, undefined);
      codes.push(codeOf(() => verify(request)));
    }
    // What is left of the URL is a name and nothing else.
    expect(request.target).toMatch(/^\/bucket\/key\?[^?]*X-Amz-Credential=/);
    expect(codes).toEqual(codes.map(() => '403 AccessDenied'));
    const nobody = { ...request, target: '/bucket/key' };
    expect(codeOf(() => verify(nobody))).toBe('403 AccessDenied');
    noteFault({ id: 'A02', injected: 'a credential without a signature', reached: codes.length, outcome: '403' });
  });
});

describe('A03: signed in the header and in the URL', () => {
  it('is refused, whichever of them is right', async () => {
    const byHeader = await signedByHeader(put);
    const byQuery = await signedByQuery(put);
    const authorization = byHeader.headers.filter(([name]) => name === 'authorization');
    const names = ['X-Amz-Signature', 'X-Amz-Algorithm', 'X-Amz-Credential', 'X-Amz-SignedHeaders', 'X-Amz-Expires'];
    const both = [
      withHeaders(byQuery, ...authorization),
      withHeaders(byQuery, ['AUTHORIZATION', 'x']),
      { ...byHeader, target: byQuery.target },
      ...names.map((name) => withParameter(byHeader, name, 'x')),
      withParameter(byHeader, 'AWSAccessKeyId', 'x'),
    ];
    for (const request of both) {
      const { code, message } = refusalOf(() => verify(request));
      expect([code, message.split(';')[0]]).toEqual(['InvalidArgument', 'Only one auth mechanism allowed']);
    }
    noteFault({ id: 'A03', injected: 'two signatures', reached: both.length, outcome: '400 InvalidArgument' });
  });
});

describe('A04: headers that come twice', () => {
  it('refuses a second Host, Authorization, date, or signed header, the same or another', async () => {
    const request = await signedByHeader({ ...put, headers: { range: 'bytes=0-1', 'x-amz-acl': 'private' } });
    let refused = 0;
    for (const [name, value] of request.headers) {
      for (const twin of [value, '']) {
        for (const spelled of [name, name.toUpperCase()]) {
          const field: HeaderField = [spelled, twin];
          const doubled = [withHeaders(request, field), { ...request, headers: [field, ...request.headers] }];
          for (const double of doubled) {
            expect(
              codeOf(() => verify(double)),
              `${spelled}: ${twin}`,
            ).toBe('400 InvalidRequest');
            refused++;
          }
        }
      }
    }
    noteFault({ id: 'A04', injected: 'a header twice', reached: refused, outcome: '400 InvalidRequest' });
  });

  it('reads several of a header that is a list as one, which is what was signed', async () => {
    const one = await signedByHeader({ ...put, headers: { 'x-amz-meta-a': '1,2  3', 'x-amz-object-attributes': 'a' } });
    const others = one.headers.filter(([name]) => name !== 'x-amz-meta-a');
    const first: HeaderField = ['X-Amz-Meta-A', '1 '];
    const second: HeaderField = ['x-amz-meta-a', ' 2 3'];
    expect(verify({ ...one, headers: [first, ...others, second] }).accessKeyId).toBe(accessKeyId);
    const forged = [
      [second, ...others, first],
      [...one.headers, second],
      [['x-amz-meta-a', ''] as const, ...one.headers],
      [...one.headers, ['x-amz-object-attributes', 'a'] as const],
    ];
    for (const headers of forged) expect(codeOf(() => verify({ ...one, headers }))).toBe('403 SignatureDoesNotMatch');
    noteFault({ id: 'A04', injected: 'a list header twice', reached: forged.length, outcome: '403' });
  });

  it('lets one that is not signed come twice, as HTTP does', async () => {
    const request = withHeaders(await signedByHeader(put), ['accept', 'a'], ['Accept', 'b']);
    expect(verify(request).accessKeyId).toBe(accessKeyId);
  });

  it('refuses parameters of a presigned URL that come twice, or as a header as well', async () => {
    const request = await signedByQuery({ ...put, headers: { 'x-amz-meta-a': '1' } });
    const again = (piece: string) => ({ ...request, target: `${request.target}&${piece}` });
    for (const name of ['Algorithm', 'Credential', 'Date', 'Expires', 'SignedHeaders', 'Signature']) {
      expect(
        codeOf(() => verify(again(`X-Amz-${name}=x`))),
        name,
      ).toBe('400 AuthorizationQueryParametersError');
      expect(
        codeOf(() => verify(again(`X%2DAmz%2D${name}=x`))),
        name,
      ).toBe('400 AuthorizationQueryParametersError');
    }
    expect(codeOf(() => verify(again('x-amz-meta-a=2')))).toBe('400 InvalidRequest');
    expect(codeOf(() => verify(again('x-amz-meta-b=%0d%0aHost:%20x')))).toBe('400 InvalidRequest');
  });
});

describe('A05: x-amz- headers that nobody signed', () => {
  it('refuses them, and says which', async () => {
    const more: HeaderField[] = [
      ['X-Amz-Tagging', 'a=b'],
      ['x-amz-copy-source', '/other/key'],
    ];
    for (const request of [await signedByHeader(put), await signedByQuery(put)]) {
      const error = refusalOf(() => verify(withHeaders(request, ...more)));
      expect(error).toMatchObject({
        code: 'AccessDenied',
        status: 403,
        message: 'There were headers present in the request which were not signed',
        fields: { HeadersNotSigned: 'x-amz-copy-source, x-amz-tagging' },
      });
      const harmless = withHeaders(request, ['Content-Type', 'text/plain'], ['X-Custom-Header', 'x']);
      expect(verify(harmless).accessKeyId).toBe(accessKeyId);
    }
    noteFault({ id: 'A05', injected: 'unsigned x-amz- headers', reached: 2, outcome: '403 AccessDenied' });
  });

  it('refuses a signed header that did not come', async () => {
    const request = await signedByHeader({ ...put, headers: { range: 'bytes=0-1' } });
    const without = withHeader(request, 'range', () => undefined);
    expect(codeOf(() => verify(without))).toBe('403 SignatureDoesNotMatch');
  });
});

describe('A06: lists of signed headers', () => {
  it('must hold the host, in lower case, sorted, each once', async () => {
    const byHeader = await signedByHeader(put);
    const byQuery = await signedByQuery(put);
    const lists: [string, string, string][] = [
      ['x-amz-content-sha256;x-amz-date', '403 AccessDenied', '403 AccessDenied'],
      [
        'x-amz-date;host;x-amz-content-sha256',
        '400 AuthorizationHeaderMalformed',
        '400 AuthorizationQueryParametersError',
      ],
      ['host;host', '400 AuthorizationHeaderMalformed', '400 AuthorizationQueryParametersError'],
      ['Host', '400 AuthorizationHeaderMalformed', '400 AuthorizationQueryParametersError'],
      ['host;', '400 AuthorizationHeaderMalformed', '400 AuthorizationQueryParametersError'],
      [';host', '400 AuthorizationHeaderMalformed', '400 AuthorizationQueryParametersError'],
      [';', '400 AuthorizationHeaderMalformed', '400 AuthorizationQueryParametersError'],
      ['', '400 AuthorizationHeaderMalformed', '400 AuthorizationQueryParametersError'],
      ['host x', '400 AuthorizationHeaderMalformed', '400 AuthorizationQueryParametersError'],
    ];
    for (const [list, inHeader, inQuery] of lists) {
      const header = withHeader(byHeader, 'authorization', (value) =>
        value.replace(/SignedHeaders=[^,]*/, `SignedHeaders=${list}`),
      );
      const query = withParameter(byQuery, 'X-Amz-SignedHeaders', encodeURIComponent(list));
      expect(
        codeOf(() => verify(header)),
        list,
      ).toBe(inHeader);
      expect(
        codeOf(() => verify(query)),
        list,
      ).toBe(inQuery);
    }
    noteFault({ id: 'A06', injected: 'lists that are none', reached: lists.length * 2, outcome: '403 or 400' });
  });
});
