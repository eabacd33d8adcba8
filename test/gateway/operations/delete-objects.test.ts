import { describe, expect, it } from 'vitest';
import type { OperationCall } from '../../../src/gateway/operation-call.ts';
import { askByName } from '../../../src/gateway/operations/ask-by-name.ts';
import { deleteObjects } from '../../../src/gateway/operations/delete-objects.ts';
import { removeObject } from '../../../src/gateway/operations/remove-object.ts';
import type { RemoveRequest } from '../../../src/objects/bucket-store.ts';
import { routeRequest } from '../../../src/s3-protocol/routes/route-request.ts';
import type { HeaderField } from '../../../src/s3-protocol/signature/raw-request.ts';
import { createFramePool } from '../../../src/workers/frame-pool.ts';

const signal = new AbortController().signal;

/** A call by who is an admin of keys below `a/`, and writes others. */
function callOf(method: string, target: string, document: string, headers: HeaderField[] = []) {
  const removed: RemoveRequest[] = [];
  const asked: string[] = [];
  const pieces = [Buffer.from(document)];
  const store = {
    limits: { conditionalPut: false },
    ask: async ({ operation }: { operation: string }) => {
      asked.push(operation);
      return { status: 200, headers: {}, body: new Uint8Array(0) };
    },
    remove: async (request: RemoveRequest) => {
      removed.push(request);
      return {};
    },
  };
  const request = { body: { lengthBytes: document.length, receivedBytes: 0, next: async () => pieces.shift() } };
  const allows = (access: string, bucket: string, key = '') =>
    bucket !== '*' && (access !== 'admin' || key.startsWith('a/'));
  const route = routeRequest({ method, target, headers: [['Host', 'localhost'], ...headers] });
  const pool = createFramePool({ workers: 0, plainBytes: 2 ** 20, wireBytes: 2 ** 20 });
  const call = { ground: { store, pool }, request, route, bucket: 'bucket', key: '', allows, verified: undefined };
  return { call: call as unknown as OperationCall, removed, asked };
}

describe('many deletes', () => {
  it('lift a lock only where the access key is an admin’s of that very object', async () => {
    const objects = ['a/x', 'b/x'].map((key) => `<Object><Key>${key}</Key></Object>`);
    const bypass: HeaderField = ['x-amz-bypass-governance-retention', 'true'];
    const { call, removed } = callOf('POST', '/bucket?delete', `<Delete>${objects.join('')}</Delete>`, [bypass]);
    const answer = await deleteObjects(call, signal);
    expect(removed.map(({ key, bypassGovernance }) => [key, bypassGovernance])).toEqual([['a/x', true]]);
    expect(Buffer.from(answer.body as Uint8Array).toString()).toMatch(/<Error><Key>b\/x<\/Key><Code>AccessDenied/);
  });

  it('never reach what is the gateway’s own, however its key is written', async () => {
    const keys = ['.sealpart/held/x', './.sealpart/held/x', '//.sealpart/x'];
    const objects = keys.map((key) => `<Object><Key>${key}</Key></Object>`);
    const { call, removed } = callOf('POST', '/bucket?delete', `<Delete>${objects.join('')}</Delete>`);
    await deleteObjects(call, signal);
    expect(removed).toEqual([]);
  });
});

describe('a delete with a condition', () => {
  it('is refused where the store would not heed it', async () => {
    const { call, removed } = callOf('DELETE', '/bucket/k', '');
    const conditions = { ifMatch: [{ etag: 'e', isWeak: false }] };
    const removal = { bucket: 'bucket', key: 'k', conditions, bypassGovernance: false };
    await expect(removeObject(call.ground, removal, signal)).rejects.toMatchObject({ code: 'NotImplemented' });
    expect(removed).toEqual([]);
  });
});

describe('a document that names other buckets', () => {
  it.each([
    ['logging', 'BucketLoggingStatus'],
    ['replication', 'ReplicationConfiguration'],
    ['notification', 'NotificationConfiguration'],
  ])('is for who is an admin of all of them: %s', async (selector, root) => {
    const { call, asked } = callOf('PUT', `/bucket?${selector}`, `<${root}/>`);
    await expect(askByName(call, signal)).rejects.toMatchObject({ code: 'AccessDenied' });
    await askByName({ ...call, allows: () => true }, signal);
    expect(asked).toHaveLength(1);
  });
});
