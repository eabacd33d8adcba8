import { describe, expect, it } from 'vitest';
import { AccessKeys } from '../../src/gateway/access/access-keys.ts';
import { parseAccessKeys } from '../../src/gateway/access/parse-access-keys.ts';
import { authorize } from '../../src/gateway/authorize.ts';
import { routeRequest } from '../../src/s3-protocol/routes/route-request.ts';
import type { HeaderField } from '../../src/s3-protocol/signature/raw-request.ts';

const secret = 'f3a9c1d27b5e48d0a1';
const rules = {
  reader: [{ access: 'read', buckets: ['bucket'] }],
  writer: [{ access: 'write', buckets: ['bucket'] }],
  keeper: [{ access: 'admin', buckets: ['*'] }],
  partly: [{ access: 'write', buckets: ['bucket'], prefixes: ['a/'] }],
};
const keys = Object.entries(rules).map(([id, of]) => ({ id, secret: `${id}-${secret}`, rules: of }));
const accessKeys = new AccessKeys(parseAccessKeys(JSON.stringify({ keys }), 'keys.json'));

const route = (method: string, target: string, headers: HeaderField[] = []) =>
  routeRequest({ method, target, headers: [['Host', 'localhost'], ...headers] });
const allowed = (id: string | undefined, ...request: Parameters<typeof route>) => {
  try {
    authorize(route(...request), id, accessKeys, 'owner');
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: 'AccessDenied', status: 403 });
    return false;
  }
};

describe('what an access key may do', () => {
  it.each([
    ['GET', '/bucket/a/key', 'reader writer keeper partly'],
    ['GET', '/bucket/b', 'reader writer keeper'],
    ['PUT', '/bucket/a/key', 'writer keeper partly'],
    ['DELETE', '/bucket/b', 'writer keeper'],
    ['GET', '/other/key', 'keeper'],
    ['GET', '/bucket?list-type=2&prefix=a/b', 'reader writer keeper partly'],
    ['GET', '/bucket?list-type=2', 'reader writer keeper'],
    ['GET', '/bucket?versions&prefix=b', 'reader writer keeper'],
    ['PUT', '/bucket', 'keeper'],
    ['PUT', '/bucket?policy', 'keeper'],
    ['PUT', '/bucket/b?acl', 'keeper'],
    ['GET', '/bucket?policy', 'reader writer keeper'],
    ['HEAD', '/bucket', 'reader writer keeper partly'],
    ['GET', '/', 'reader writer keeper partly'],
    ['POST', '/bucket?delete', 'writer keeper partly'],
  ])('%s %s: %s', (method, target, expected) => {
    const able = Object.keys(rules).filter((id) => allowed(id, method, target));
    expect(able.join(' ')).toBe(expected);
    expect(allowed(undefined, method, target)).toBe(false);
    expect(allowed('nobody', method, target)).toBe(false);
  });

  it('is an admin’s where a header asks for more than the operation', () => {
    const locked: HeaderField[] = [['x-amz-object-lock-mode', 'COMPLIANCE']];
    expect(allowed('writer', 'PUT', '/bucket/b', locked)).toBe(false);
    expect(allowed('keeper', 'PUT', '/bucket/b', locked)).toBe(true);
  });

  it('is nothing where the client takes the bucket for another owner’s', () => {
    expect(allowed('keeper', 'GET', '/bucket/b', [['x-amz-expected-bucket-owner', 'owner']])).toBe(true);
    expect(allowed('keeper', 'GET', '/bucket/b', [['x-amz-expected-bucket-owner', '111122223333']])).toBe(false);
  });
});
