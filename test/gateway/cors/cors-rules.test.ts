import { expect, it } from 'vitest';
import { SealpartError } from '../../../src/errors.ts';
import { CorsRules } from '../../../src/gateway/cors/cors-rules.ts';
import type { BucketStore } from '../../../src/objects/bucket-store.ts';
import { routeRequest } from '../../../src/s3-protocol/routes/route-request.ts';

const signal = new AbortController().signal;
const route = routeRequest({
  method: 'GET',
  target: '/bucket/key',
  headers: [
    ['Host', 'localhost'],
    ['Origin', 'https://app.example.com'],
  ],
});

function rulesOver(outcome: SealpartError | string): { readonly rules: CorsRules; readonly troubles: string[] } {
  const ask = async () => {
    if (typeof outcome !== 'string') throw outcome;
    return { status: 200, headers: {}, body: Buffer.from(outcome) };
  };
  const troubles: string[] = [];
  const rules = new CorsRules({ ask } as unknown as BucketStore, Date.now, (what) => troubles.push(what));
  return { rules, troubles };
}

it('answers go out without a word to pages where the rules cannot be read, and that is told', async () => {
  const { rules, troubles } = rulesOver(new SealpartError('store', 'away'));
  expect(await rules.headersFor(route, signal)).toEqual([]);
  expect(troubles).toEqual(['the CORS rules of bucket could not be read']);
});

it('a bucket without rules, or none at all, is no trouble', async () => {
  for (const error of [
    new SealpartError('not-found', 'none', { said: 'NoSuchCORSConfiguration' }),
    new SealpartError('not-found', 'gone', { missing: 'bucket', said: 'NoSuchBucket' }),
  ]) {
    const { rules, troubles } = rulesOver(error);
    expect(await rules.headersFor(route, signal)).toEqual([]);
    expect(troubles).toEqual([]);
  }
});

it('rules that allow the origin are told', async () => {
  const rule = '<CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule>';
  const { rules } = rulesOver(`<CORSConfiguration>${rule}</CORSConfiguration>`);
  expect(await rules.headersFor(route, signal)).toContainEqual(['Access-Control-Allow-Origin', '*']);
});
