import { SealpartError } from '../errors.ts';
import type { GatewayGround } from './gateway-ground.ts';
import type { ReadyReport } from './telemetry/admin-server.ts';

/** Whether store and manifest answer: a gateway without one of them is to be sent no requests. */
export async function checkReadiness({ store, uploads }: GatewayGround, signal: AbortSignal): Promise<ReadyReport> {
  const [backend, manifest] = await Promise.all([
    outcomeOf(() => store.listBuckets({ limit: 1 }, signal)),
    // No upload is called so: what counts is that the table can be read.
    outcomeOf(() => uploads.find('0'.repeat(32), signal)),
  ]);
  return { ok: backend === 'ok' && manifest === 'ok', checks: { store: backend, manifest } };
}

/** What is told is for those who run the gateway: its port is theirs. */
async function outcomeOf(ask: () => Promise<unknown>): Promise<string> {
  try {
    await ask();
    return 'ok';
  } catch (error) {
    // A store may deny its list of buckets and still serve them.
    if (error instanceof SealpartError && error.code === 'denied' && error.said === 'AccessDenied') return 'ok';
    return error instanceof Error ? error.message : String(error);
  }
}
