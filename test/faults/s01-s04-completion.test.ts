import { describe, expect, it } from 'vitest';
import { collect, patternBytes, putBytes, quiet, readObject } from '../contracts/object-store/bytes.ts';
import { expectBytes, expectCode } from '../contracts/object-store/ground.ts';
import { openFaultyStore, readyUpload } from '../objects/s3/faulty-store.ts';
import { noteFault } from '../support/fault-log.ts';
import type { FaultAction } from '../support/fault-proxy/fault-rule.ts';
import { describeOnServers } from '../support/servers/describe-on-servers.ts';

// S01 to S04: a completion whose answer says something else than what has happened, or nothing.

const internalError =
  '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>InternalError</Code><Message>We failed.</Message></Error>';
const complete = { operation: 'CompleteMultipartUpload' } as const;

describeOnServers(
  'a completion',
  (server) => {
    describe('S01: 200, and an error inside', () => {
      it.each([
        ['as S3 writes it', internalError],
        ['and a line break', `${internalError}\n`],
        ['after blanks', `${' '.repeat(200)}${internalError.replace(/^<\?xml.*\n/, '')}`],
      ])('S01: is tried again (%s)', async (_, body) => {
        const { store, proxy, bucket, direct } = await openFaultyStore(server());
        const { upload, listed, content } = await readyUpload(store, bucket);
        const rule = await proxy.addRule({ match: complete, times: 2, action: answer(200, body) });
        await store.completeMultipart(upload, listed, {}, quiet);
        expectBytes(await readObject(direct, upload), content);
        const { reached } = await rule.counts();
        expect(reached).toBe(2);
        noteFault({ id: 'S01', injected: '200 with an error inside, twice', reached, outcome: 'completed' });
      });

      it('S01: is no success however often it comes', async () => {
        const { store, proxy, bucket, direct } = await openFaultyStore(server());
        const { upload, listed } = await readyUpload(store, bucket);
        const rule = await proxy.addRule({ match: complete, times: 'always', action: answer(200, internalError) });
        const error = await expectCode(store.completeMultipart(upload, listed, {}, quiet), 'store');
        expect(error.message).toMatch(/InternalError.*We failed.*5 attempts/);
        await expectCode(direct.head(upload, quiet), 'not-found');
        expect(await collect(direct.listParts(upload, quiet))).toMatchObject(listed);
        const { reached } = await rule.counts();
        expect(reached).toBe(5);
        noteFault({ id: 'S01', injected: '200 with an error inside, always', reached, outcome: 'an error' });
      });

      it('S01: a refusal inside is told at once', async () => {
        const { store, proxy, bucket } = await openFaultyStore(server());
        const { upload, listed } = await readyUpload(store, bucket);
        const body = internalError.replace('InternalError', 'AccessDenied');
        const rule = await proxy.addRule({ match: complete, times: 'always', action: answer(200, body) });
        await expectCode(store.completeMultipart(upload, listed, {}, quiet), 'denied');
        expect((await rule.counts()).reached).toBe(1);
      });
    });

    describe('S02: 200, and half a document or none', () => {
      const faults: readonly (readonly [string, FaultAction])[] = [
        ['empty', { do: 'alterAnswer', body: { set: '' }, length: 'actual' }],
        ['cut in the middle', { do: 'alterAnswer', body: { truncateTo: 120 }, length: 'actual' }],
        ['cut, and the connection too', { do: 'alterAnswer', body: { truncateTo: 120 }, length: 'announced' }],
        ['without an ETag', { do: 'alterAnswer', body: { replace: [['ETag', 'Gate']] }, length: 'actual' }],
        ['blanks and a reset', { do: 'blanks', count: 5, intervalMs: 1, ending: 'reset' }],
        ['blanks and an end', { do: 'blanks', count: 5, intervalMs: 1, ending: 'end' }],
      ];
      it.each(faults)('S02: %s: asked again, it is the object', async (injected, action) => {
        const { store, proxy, bucket, direct } = await openFaultyStore(server());
        const { upload, listed, content } = await readyUpload(store, bucket);
        const rule = await proxy.addRule({ match: complete, action });
        const { etag } = await store.completeMultipart(upload, listed, {}, quiet);
        expect((await direct.head(upload, quiet)).etag).toBe(etag);
        expectBytes(await readObject(direct, upload), content);
        const { reached } = await rule.counts();
        noteFault({ id: 'S02', injected, reached, outcome: 'completed' });
      });

      it.each(faults)('S02: %s, always: no success is told, and the doubt is', async (injected, action) => {
        const { store, proxy, bucket } = await openFaultyStore(server());
        const { upload, listed } = await readyUpload(store, bucket);
        const rule = await proxy.addRule({ match: complete, times: 'always', action });
        // The upload is gone, because it was completed: only reading the object tells.
        await expectCode(store.completeMultipart(upload, listed, {}, quiet), 'not-found', 'store');
        const { reached } = await rule.counts();
        expect(reached).toBe(5);
        noteFault({ id: 'S02', injected: `${injected}, always`, reached, outcome: 'told as open' });
      });
    });

    it('S03: the answer is lost, and the store has forgotten the upload: told as open, and the object is ours', async () => {
      const { store, proxy, bucket, direct } = await openFaultyStore(server());
      const { upload, listed, content } = await readyUpload(store, bucket);
      const lost = await proxy.addRule({ match: complete, action: { do: 'reset', at: 'answered' } });
      const forgotten = await proxy.addRule({
        match: complete,
        nth: 2,
        action: { do: 'answer', status: 404, code: 'NoSuchUpload', afterRequestBytes: 'all' },
      });
      const error = await expectCode(store.completeMultipart(upload, listed, {}, quiet), 'not-found');
      expect(error.message).toContain('may have done it all the same');
      expectBytes(await readObject(direct, upload), content);
      expect((await forgotten.counts()).reached).toBe(1);
      noteFault({
        id: 'S03',
        injected: 'lost answer',
        reached: (await lost.counts()).reached,
        outcome: 'not-found, open',
      });
    });

    it("S04: an upload that is gone, and someone else's object in its place: an error, and the object is untouched", async () => {
      const { store, proxy, bucket, direct } = await openFaultyStore(server());
      const { upload, listed } = await readyUpload(store, bucket);
      await direct.abortMultipart(upload, quiet);
      const foreign = await putBytes(direct, upload, patternBytes(999, 9));
      // This server says that it has completed the upload: what counts is what stands there.
      await expectCode(store.completeMultipart(upload, listed, {}, quiet), 'not-found');
      const rule = await proxy.addRule({
        match: complete,
        action: { do: 'answer', status: 404, code: 'NoSuchUpload', afterRequestBytes: 'all' },
      });
      const error = await expectCode(store.completeMultipart(upload, listed, {}, quiet), 'not-found');
      expect(error.message).not.toContain('may have done it');
      expect((await direct.head(upload, quiet)).etag).toBe(foreign);
      expectBytes(await readObject(direct, upload), patternBytes(999, 9));
      const { reached } = await rule.counts();
      noteFault({ id: 'S04', injected: 'the upload was aborted and its key taken', reached, outcome: 'not-found' });
    });
  },
  { servers: ['versitygw'] },
);

function answer(status: number, body: string): FaultAction {
  return { do: 'answer', status, body, headers: { 'content-type': 'application/xml' }, afterRequestBytes: 'all' };
}
