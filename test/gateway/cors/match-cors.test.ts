import { describe, expect, it } from 'vitest';
import { corsHeaders, matchCors } from '../../../src/gateway/cors/match-cors.ts';
import type { CorsRule } from '../../../src/s3-protocol/xml/read-cors.ts';

const rule = (changes: Partial<CorsRule>): CorsRule => ({
  allowedOrigins: ['https://app.example.com'],
  allowedMethods: ['GET'],
  allowedHeaders: [],
  exposedHeaders: [],
  maxAgeSeconds: undefined,
  ...changes,
});
const asked = { origin: 'https://app.example.com', method: 'GET', headers: [] };

describe('the rules of a bucket for pages of other origins', () => {
  it('are judged one after the other', () => {
    const rules = [rule({ allowedMethods: ['PUT'] }), rule({ exposedHeaders: ['ETag'] })];
    expect(matchCors(rules, asked)).toBe(rules[1]);
    expect(matchCors(rules, { ...asked, method: 'DELETE' })).toBeUndefined();
  });

  it.each([
    ['https://*.example.com', 'https://app.example.com', true],
    ['https://*.example.com', 'https://example.com', false],
    ['*', 'null', true],
    ['https://a*a', 'https://a', false],
    ['https://app.example.com', 'https://app.example.com.evil.org', false],
    ['https://*.example.com', 'http://app.example.com', false],
  ])('%s takes in %s: %s', (pattern, origin, isMatch) => {
    const found = matchCors([rule({ allowedOrigins: [pattern] })], { ...asked, origin });
    expect(found !== undefined).toBe(isMatch);
  });

  it('must allow every header that is asked for, whatever its case', () => {
    const rules = [rule({ allowedHeaders: ['X-Amz-*', 'content-type'] })];
    expect(matchCors(rules, { ...asked, headers: ['x-amz-date', 'content-type'] })).toBe(rules[0]);
    expect(matchCors(rules, { ...asked, headers: ['x-amz-date', 'authorization'] })).toBeUndefined();
  });

  it('name the origin, and credentials only where it is named', () => {
    expect(corsHeaders(rule({}), asked)).toContainEqual(['Access-Control-Allow-Origin', asked.origin]);
    expect(corsHeaders(rule({}), asked)).toContainEqual(['Access-Control-Allow-Credentials', 'true']);
    const open = new Map(corsHeaders(rule({ allowedOrigins: ['*'] }), asked));
    expect(open.get('Access-Control-Allow-Origin')).toBe('*');
    expect(open.has('Access-Control-Allow-Credentials')).toBe(false);
  });
});
