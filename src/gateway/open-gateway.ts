import { IntakeMemory } from '../pipelines/intake/intake-memory.ts';
import { defaultWorkers } from '../pipelines/run-options.ts';
import { createFramePool } from '../workers/frame-pool.ts';
import { addressText } from './config/address.ts';
import { CorsRules } from './cors/cors-rules.ts';
import { evictWhileWaiting } from './evict-while-waiting.ts';
import type { Gateway, GatewayOptions } from './gateway.ts';
import type { GatewayGround } from './gateway-ground.ts';
import { openContentHashing } from './hashing/open-content-hashing.ts';
import type { HttpServer } from './http/http-server.ts';
import { openHttpServer } from './http/open-http-server.ts';
import { divideMemory, type MemoryShares } from './memory-shares.ts';
import { operationHandlers } from './operations/operation-handlers.ts';
import { openRecordBook } from './records/open-record-book.ts';
import { RequestFactsBook } from './request-facts.ts';
import { RequestHandler } from './request-handler.ts';

/** Whom all buckets belong to, as clients are told. */
const owner = { id: 'sealpart', displayName: 'sealpart' } as const;

/**
 * Opens a gateway: its records, threads and memory, and then its ports.
 *
 * @throws SealpartError `no-recipient` or `header-auth` if the keys are not those of the manifest's records;
 *   `bad-parameters` for memory that is too little; `io` for an address that cannot be listened on; `bad-key` for a
 *   certificate; what the manifest throws
 */
export async function openGateway(options: GatewayOptions, signal: AbortSignal): Promise<Gateway> {
  const opened = new AsyncDisposableStack();
  try {
    const workers = options.workers ?? defaultWorkers();
    const shares = divideMemory(options.memoryBytes, workers);
    const ground = await openGround(options, shares, workers, opened, signal);
    const server = await openServer(options, ground, signal);
    opened.defer(evictWhileWaiting(ground.intake, server));
    const scheme = options.tls === undefined ? 'http' : 'https';
    const parts = opened.move();
    let closing: Promise<void> | undefined;
    return {
      url: `${scheme}://${addressText(server.address)}`,
      adminUrl: undefined,
      peakBytes: shares.peakBytes,
      replaceTls: (tls) => server.setCertificate(tls),
      close: async (deadlineMs) => {
        // A second call may shorten the wait of the first.
        const served = server.close(deadlineMs);
        closing ??= served.then(() => parts.disposeAsync());
        await closing;
      },
    };
  } catch (error) {
    await opened.disposeAsync();
    throw error;
  }
}

async function openGround(
  options: GatewayOptions,
  { plainBytes, wireBytes }: MemoryShares,
  workers: number,
  opened: AsyncDisposableStack,
  signal: AbortSignal,
): Promise<GatewayGround> {
  const { store, manifest, recipients, access, buckets, digestAlg, etags, plaintext, namesInContext, region } = options;
  const { clock = Date.now } = options;
  const logicalBucket = (bucket: string): string => (Object.hasOwn(buckets, bucket) ? buckets[bucket]! : bucket);
  const records = await openRecordBook({ records: manifest.records, recipients, access, logicalBucket, clock }, signal);
  const pool = createFramePool({ workers, plainBytes, wireBytes });
  opened.defer(() => pool.close());
  const hashing = openContentHashing({ workers });
  opened.defer(() => hashing.close());
  const { originKey } = access;
  return {
    store,
    records,
    uploads: manifest,
    pool,
    intake: IntakeMemory.open(pool),
    hashing,
    recipients,
    access,
    writing: { digestAlg, originKey },
    etags,
    plaintext,
    namesInContext,
    region,
    owner,
    logicalBucket,
    clock,
  };
}

async function openServer(options: GatewayOptions, ground: GatewayGround, signal: AbortSignal): Promise<HttpServer> {
  const { accessKeys, domains, listen, tls, maxConnections, idleTimeoutMs } = options;
  const facts = new RequestFactsBook();
  const cors = new CorsRules(ground.store, () => ground.clock());
  const handler = new RequestHandler({ ground, accessKeys, cors, domains, facts, operations: operationHandlers });
  const limits = {
    ...(maxConnections === undefined ? {} : { connections: maxConnections }),
    ...(idleTimeoutMs === undefined ? {} : { bodyIdleMs: idleTimeoutMs, answerIdleMs: idleTimeoutMs }),
  };
  return await openHttpServer({ handler, listen, tls, limits, onAccess: () => {}, onFault: () => {} }, signal);
}
