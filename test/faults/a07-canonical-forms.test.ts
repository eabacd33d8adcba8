import { describe, expect, it } from 'vitest';
import type { RawRequest } from '../../src/s3-protocol/signature/raw-request.ts';
import { verifySignature } from '../../src/s3-protocol/signature/verify-signature.ts';
import { botocoreIsHere, signedByBotocore } from '../s3-protocol/botocore-signer.ts';
import { codeOf } from '../s3-protocol/refusal-of.ts';
import {
  accessKeyId,
  escapeUri,
  nowMs,
  onTheWire,
  rules,
  signedByHeader,
  signedByQuery,
  withHeader,
} from '../s3-protocol/sdk-signer.ts';
import { noteFault } from '../support/fault-log.ts';

// A07: everything that may be written in more than one way. What other signers sign must be verified as it stands on the
// wire, and one way of writing must never pass for a request that means something else.

const odd = [
  ...['//', '//a//', '.', '..', '../..', '/./a', 'a/', '/', ' ', '  ', ' a', 'a ', '+', 'a+b', '%', '%%', '%41'],
  ...['%2F', '%2f', '%252e', '%252F', '%00', "!'()*", '~-_.', '&', '=', 'a=b&c=d', '?', '#', ';', ':', '@', ',', '$'],
  ...[
    'caf\u00e9',
    'cafe\u0301',
    '\u212b',
    '\u00e5',
    '\u65e5\u672c\u8a9e',
    '\ud83d\ude00',
    '\u00a0',
    '\u200b',
    '<>"\\^`{|}',
  ],
];
/** Paths as they may stand on the wire, some of which no library would write. */
const rawPaths = [
  ...odd.map((key) => `/bucket/${key.split('/').map(escapeUri).join('/')}`),
  ...['/bucket/a%2Fb', '/bucket/%2e%2e/%2E', '/bucket/%41', '/bucket/a%2bb', '/bucket//', '//bucket', '/', '/bucket'],
  ...["/bucket/a!b'c(d)e*f", '/bucket/a+b', '/bucket/a@b:c,d;e=f&g$h', '/bucket/%c3%a9', '/bucket/a%252Fb'],
];

const verify = (request: RawRequest, atMs: number = nowMs) => verifySignature(request, rules, atMs);

describe('A07: against the SDK', () => {
  it('verifies every path as it is written', async () => {
    let reached = 0;
    for (const path of rawPaths) {
      for (const sign of [signedByHeader, signedByQuery]) {
        const request = await sign({ path });
        expect(verify(request).accessKeyId, path).toBe(accessKeyId);
        reached++;
      }
    }
    noteFault({ id: 'A07', injected: 'odd paths signed by the SDK', reached, outcome: 'verified' });
  });

  it('verifies every parameter, also repeated, empty and out of order', async () => {
    let reached = 0;
    for (const value of odd) {
      const queries = [
        { prefix: value },
        { [value]: '' },
        { a: [value, '', 'b', value] },
        { z: '1', [`a${value}`]: value },
      ];
      for (const query of queries) {
        for (const sign of [signedByHeader, signedByQuery]) {
          const request = await sign({ query });
          const [path, text = ''] = request.target.split('?');
          const reversed = { ...request, target: `${path}?${text.split('&').reverse().join('&')}` };
          // A parameter without a value is signed as one with an empty value.
          const valueless = { ...request, target: request.target.replace(/=(?=&|$)/g, '') };
          for (const form of [request, reversed, valueless]) {
            expect(verify(form).accessKeyId, form.target).toBe(accessKeyId);
            reached++;
          }
        }
      }
    }
    noteFault({ id: 'A07', injected: 'odd parameters signed by the SDK', reached, outcome: 'verified' });
  });

  it('verifies header values with spaces within, and bytes beyond ASCII', async () => {
    const values = [
      'a b',
      ' a  b   c ',
      'a\tb',
      '\t a \t b',
      '"a  b"',
      '',
      ' ',
      'caf\u00e9',
      'cafe\u0301',
      'a\u00a0\u00a0b',
      'a,b',
      'a, b',
    ];
    for (const value of values) {
      const request = await signedByHeader({ headers: { 'x-amz-meta-a': value, 'content-type': value } });
      expect(verify(request).accessKeyId, value).toBe(accessKeyId);
      const other = withHeader(request, 'x-amz-meta-a', (text) => `${text}.`);
      expect(
        codeOf(() => verify(other)),
        value,
      ).toBe('403 SignatureDoesNotMatch');
    }
    const spaced = await signedByHeader({ headers: { 'x-amz-meta-a': 'a b' } });
    expect(verify(withHeader(spaced, 'x-amz-meta-a', () => ' a   b ')).accessKeyId).toBe(accessKeyId);
    // A no-break space is no space: it must not be exchanged for one.
    const nbsp = withHeader(spaced, 'x-amz-meta-a', () => onTheWire('a\u00a0b'));
    expect(codeOf(() => verify(nbsp))).toBe('403 SignatureDoesNotMatch');
  });

  it('never takes one path for another', async () => {
    const pairs = [
      ['/bucket/a', '/bucket//a'],
      ['/bucket/a', '/bucket/./a'],
      ['/bucket/b', '/bucket/a/../b'],
      ['/bucket/a', '/bucket/a/'],
      ['/bucket/a%20b', '/bucket/a+b'],
      ['/bucket/a%2Bb', '/bucket/a%20b'],
      ['/bucket/%2541', '/bucket/%41'],
      ['/bucket/%252F', '/bucket/%2F'],
      ['/bucket/caf%C3%A9', '/bucket/cafe%CC%81'],
      ['/bucket/A', '/bucket/a'],
    ] as const;
    for (const [one, other] of [...pairs, ...pairs.map(([a, b]) => [b, a] as const)]) {
      const request = { ...(await signedByHeader({ path: one })), target: other };
      expect(
        codeOf(() => verify(request)),
        `${one} as ${other}`,
      ).toBe('403 SignatureDoesNotMatch');
    }
    noteFault({ id: 'A07', injected: 'paths taken for others', reached: pairs.length * 2, outcome: '403' });
  });

  it('takes another spelling of the same key for the same', async () => {
    const same = [
      ['/bucket/a%2Bb', '/bucket/a+b'],
      ['/bucket/%21%27%28%29%2A', "/bucket/!'()*"],
      ['/bucket/caf%C3%A9', '/bucket/caf%c3%a9'],
      ['/bucket/caf%C3%A9', onTheWire('/bucket/caf\u00e9')],
      ['/bucket/a', '/bucket/%61'],
      ['/bucket/a/b', '/bucket/a%2Fb'],
    ] as const;
    for (const [signedAs, sentAs] of same) {
      const request = { ...(await signedByHeader({ path: signedAs })), target: sentAs };
      expect(verify(request).accessKeyId, `${signedAs} as ${sentAs}`).toBe(accessKeyId);
    }
  });

  it('refuses a target that is no path, or has broken escapes', async () => {
    const request = await signedByHeader({});
    const targets = [
      '',
      '*',
      'bucket/key',
      'http://localhost/bucket',
      '/%',
      '/%4',
      '/%zz',
      '/?a=%',
      '/a b',
      '/a\u007f',
      '/\u0001',
    ];
    for (const target of targets) {
      const codes = ['400 InvalidURI', '400 InvalidRequest'];
      expect(codes, target).toContain(codeOf(() => verify({ ...request, target })));
    }
    expect(codeOf(() => verify({ ...request, target: '/\u0101' }))).toBe('400 InvalidRequest');
  });
});

describe.skipIf(!botocoreIsHere)('A07: against botocore (skipped where Python has none)', () => {
  it('verifies what it signs in headers and URLs', () => {
    const queries = odd.map((value) => `?prefix=${escapeUri(value)}&delimiter=%2F&uploads=`);
    const requests = [
      ...rawPaths.filter((path) => !path.startsWith('//')).map((target) => ({ method: 'GET', target, headers: {} })),
      ...queries.map((query) => ({ method: 'GET', target: `/bucket${query}`, headers: {} })),
      { method: 'PUT', target: '/bucket/key', headers: { 'x-amz-meta-a': ' a  b ', 'Content-Type': 'text/plain' } },
      {
        method: 'PUT',
        target: '/bucket/key',
        headers: { 'Content-MD5': '1B2M2Y8AsgTpgAmY7PhCfg==', Range: 'bytes=0-' },
      },
    ];
    const signed = signedByBotocore(requests);
    for (const request of signed) {
      expect(verify(request, Date.now()).accessKeyId, request.target).toBe(accessKeyId);
      const other = { ...request, method: 'DELETE' };
      expect(codeOf(() => verify(other, Date.now()))).toBe('403 SignatureDoesNotMatch');
    }
    const presigned = signed.filter(({ target }) => target.includes('X-Amz-Signature='));
    expect(presigned.length).toBe(requests.length);
    expect(presigned.every((request) => verify(request, Date.now()).payload.kind === 'unsigned')).toBe(true);
    noteFault({ id: 'A07', injected: 'odd requests signed by botocore', reached: signed.length, outcome: 'verified' });
  });
});
