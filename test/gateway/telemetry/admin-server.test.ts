import { describe, expect, it, onTestFinished } from 'vitest';
import { SealpartError } from '../../../src/errors.ts';
import { type AdminServerOptions, openAdminServer } from '../../../src/gateway/telemetry/admin-server.ts';
import { GatewayMetrics } from '../../../src/gateway/telemetry/gateway-metrics.ts';
import { noteFault } from '../../support/fault-log.ts';

async function admin(
  ready: AdminServerOptions['ready'],
  metrics: GatewayMetrics = new GatewayMetrics(),
): Promise<(path: string, init?: RequestInit) => Promise<Response>> {
  const server = await openAdminServer({ port: 0, metrics, ready, readyLimitMs: 100 }, AbortSignal.timeout(5000));
  onTestFinished(() => server.close());
  expect(server.address.host).toBe('127.0.0.1');
  return (path, init) => fetch(`http://127.0.0.1:${server.address.port}${path}`, init);
}

describe('the admin port', () => {
  it('says that it is alive, and ready', async () => {
    const get = await admin(async () => ({ ok: true, checks: { store: 'ok' } }));
    expect((await get('/healthz')).status).toBe(200);
    const ready = await get('/readyz');
    expect([ready.status, await ready.json()]).toEqual([200, { ok: true, checks: { store: 'ok' } }]);
    expect((await get('/other')).status).toBe(404);
    expect((await get('/healthz', { method: 'POST' })).status).toBe(405);
  });

  it('H19: says which check failed, and stays alive', async () => {
    const results: AdminServerOptions['ready'][] = [
      async () => ({ ok: false, checks: { store: 'ok', manifest: 'it is gone' } }),
      async () => {
        throw new SealpartError('kms-unavailable', 'The key service does not answer.');
      },
      async () => {
        throw new Error('topsecret');
      },
      () => new Promise(() => {}),
    ];
    const texts: string[] = [];
    for (const ready of results) {
      const get = await admin(ready);
      const answer = await get('/readyz');
      expect(answer.status).toBe(503);
      texts.push(await answer.text());
      expect((await get('/healthz')).status).toBe(200);
    }
    expect(texts.map((text) => JSON.parse(text))).toEqual([
      { ok: false, checks: { store: 'ok', manifest: 'it is gone' } },
      { ok: false, checks: { ready: 'The key service does not answer.' } },
      { ok: false, checks: { ready: 'the check itself failed' } },
      { ok: false, checks: { time: 'no answer within 100 ms' } },
    ]);
    noteFault({
      id: 'H19',
      injected: 'checks that fail, throw and hang',
      reached: texts.length,
      outcome: '503, alive',
    });
  });

  it('asks once for all who want to know at the same time', async () => {
    let asked = 0;
    const get = await admin(async () => {
      asked++;
      await new Promise((resolve) => setTimeout(resolve, 50));
      return { ok: true, checks: {} };
    });
    await Promise.all(Array.from({ length: 8 }, async () => (await get('/readyz')).text()));
    expect(asked).toBeLessThan(3);
  });

  it('gives the metrics of its gateway, and of no other', async () => {
    const metrics = new GatewayMetrics();
    new GatewayMetrics().integrityFailed();
    metrics.watchBudget('plain', { usedBytes: () => 5, capacityBytes: 10 });
    const counters = { requests: 9, turnedAway: 0, madeRoom: 0, malformed: 0, handshakesFailed: 0, bodiesTimedOut: 0 };
    const more = { readersTimedOut: 0, evicted: 3, clientsGone: 0, broken: 0, dropped: 0 };
    metrics.watchServer({
      counters: { ...counters, ...more },
      openConnections: 4,
      idleConnections: 2,
      activeRequests: 1,
    });
    const get = await admin(async () => ({ ok: true, checks: {} }), metrics);
    await get('/metrics');
    const answer = await get('/metrics');
    expect(answer.headers.get('content-type')).toContain('text/plain');
    const text = await answer.text();
    for (const line of [
      'sealpart_budget_used_bytes{budget="plain"} 5',
      'sealpart_budget_bytes{budget="plain"} 10',
      'sealpart_connections_open 4',
      'sealpart_bodies_open 1',
      'sealpart_http_events_total{event="evicted"} 3',
      'sealpart_integrity_failures_total 0',
    ]) {
      expect(text).toContain(line);
    }
    expect(text).toMatch(/process_cpu_seconds_total \d/);
  });

  it('that is taken is said to be', async () => {
    const ready = async () => ({ ok: true, checks: {} });
    const metrics = new GatewayMetrics();
    const first = await openAdminServer({ port: 0, metrics, ready }, AbortSignal.timeout(5000));
    onTestFinished(() => first.close());
    const second = openAdminServer({ port: first.address.port, metrics, ready }, AbortSignal.timeout(5000));
    await expect(second).rejects.toMatchObject({ code: 'io' });
  });
});
