import { expect, it, onTestFinished } from 'vitest';
import { equalBytes } from '../../../src/format/bytes.ts';
import { contentOffset } from '../../../src/format/schedule.ts';
import { getObject } from '../../../src/gateway/operations/get-object.ts';
import { headObject } from '../../../src/gateway/operations/head-object.ts';
import { describeListed } from '../../../src/gateway/reading/describe-listed.ts';
import { openS3Store } from '../../../src/objects/s3/open-s3-store.ts';
import { randomLooking } from '../../support/content.ts';
import { describeOnServers } from '../../support/servers/describe-on-servers.ts';
import { calm, inlinePool } from '../../support/streams.ts';
import { bucket, key, layGround, makeBound, standard } from './reading-ground.ts';

const mib = 2 ** 20;
const content = randomLooking(20 * mib, 'served');

describeOnServers(
  'reading through a gateway',
  (server) => {
    it('costs what it costs on any store, and gives what was written', async () => {
      const { endpoint, region, accessKeyId, secretAccessKey } = server();
      const credentials = { accessKeyId, secretAccessKey };
      const store = await openS3Store({ endpointUrl: endpoint, region, credentials });
      onTestFinished(() => store.close());
      const gateway = await layGround({ store });
      const attributes = { metadata: { owner: 'somebody' }, headers: { 'content-type': 'image/png' } };
      await gateway.put(await makeBound(content, standard, { pool: inlinePool(64 * mib) }), { attributes });

      const whole = await gateway.ask(getObject);
      expect([whole.status, equalBytes(whole.bytes, content), gateway.store.requests]).toEqual([200, true, { get: 3 }]);
      expect(whole.headers).toMatchObject({ 'content-type': 'image/png', 'x-amz-meta-owner': 'somebody' });
      expect(whole.headers['x-amz-meta-sealpart-record']).toBeUndefined();

      const other = gateway.restarted();
      other.store.reset();
      const head = await other.ask(headObject, { method: 'HEAD' });
      expect([head.headers['content-length'], other.store.requests]).toEqual([String(content.length), { head: 1 }]);
      const first = contentOffset(standard, 1) + 3 * mib;
      const asked = { headers: { range: `bytes=${first}-${first + 199_999}` } };
      for (const requests of [3, 1]) {
        other.store.reset();
        const part = await other.ask(getObject, asked);
        expect(equalBytes(part.bytes, content.subarray(first, first + 200_000))).toBe(true);
        expect(other.store.requests).toEqual({ get: requests });
      }
      expect((await other.ask(getObject, { headers: { 'if-none-match': head.headers.etag! } })).status).toBe(304);
      await expect(other.ask(getObject, { key: 'missing' })).rejects.toMatchObject({ code: 'not-found' });

      const small = content.subarray(0, 5000);
      await gateway.put(await makeBound(small, standard, { ofKey: 'small' }), { ofKey: 'small', record: 'none' });
      expect(equalBytes((await other.ask(getObject, { key: 'small' })).bytes, small)).toBe(true);
      await gateway.putBytes(new Uint8Array(0), {}, 'empty');
      await expect(other.ask(getObject, { key: 'empty' })).rejects.toMatchObject({ code: 'InvalidObjectState' });

      const { objects } = await store.list({ bucket }, calm);
      const described = await describeListed(gateway.restarted().ground, bucket, objects, calm);
      expect(described.map(({ kind, sizeBytes }) => [kind, sizeBytes])).toEqual([
        ['sealed', content.length],
        ['foreign', 0],
        ['sealed', 5000],
      ]);
      expect(objects.map((object) => object.key)).toEqual([key, 'empty', 'small']);
    });
  },
  { servers: ['versitygw'] },
);
