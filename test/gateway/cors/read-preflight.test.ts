import { describe, expect, it } from 'vitest';
import { readPreflight } from '../../../src/gateway/cors/read-preflight.ts';
import type { HeaderField } from '../../../src/s3-protocol/signature/raw-request.ts';

const asking = (method: string, headers?: string, origin = 'https://example.org'): readonly HeaderField[] => [
  ['Origin', origin],
  ['Access-Control-Request-Method', method],
  ...(headers === undefined ? [] : [['access-control-request-headers', headers] as const]),
];

describe('what a browser asks before it asks', () => {
  it.each(['DELETE', 'GET', 'HEAD', 'POST', 'PUT'])('may be for %s', (method) => {
    expect(readPreflight(asking(method))).toEqual({ origin: 'https://example.org', method, headers: [] });
  });

  it('has names of headers, in any case and with blanks and nothing between them', () => {
    expect(readPreflight(asking('GET', 'X-Amz-Date, authorization,,')).headers).toEqual([
      'x-amz-date',
      'authorization',
    ]);
  });

  it.each([
    [asking('get'), 'Invalid Access-Control-Request-Method: get'],
    [asking('PATCH'), 'Invalid Access-Control-Request-Method: PATCH'],
    [asking(''), 'Invalid Access-Control-Request-Method: null'],
    [asking('GET', '', ''), 'Insufficient information. Origin request header needed.'],
    [asking('GET', 'a,b c'), 'Access-Control-Request-Headers "b c" contains invalid character.'],
    [asking('GET', 'a, b/c'), 'Access-Control-Request-Headers " b/c" contains invalid character.'],
    [
      asking('GET', Buffer.from('Zoë', 'utf8').toString('latin1')),
      'Access-Control-Request-Headers "Zoë" contains invalid character.',
    ],
  ])('is refused: %j', (headers, message) => {
    expect(() => readPreflight(headers)).toThrow(expect.objectContaining({ code: 'BadRequest', message }));
  });
});
