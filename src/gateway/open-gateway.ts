import type { Logger } from 'pino';
import type { SharedArena } from '../flow/shared-arena.ts';
import { IntakeMemory, type IntakeMemoryOptions } from '../pipelines/intake/intake-memory.ts';
import { defaultWorkers } from '../pipelines/run-options.ts';
import { createFramePool, type FramePool } from '../workers/frame-pool.ts';
import { checkReadiness } from './check-readiness.ts';
import { collectGarbageAbove } from './collect-garbage.ts';
import { addressText } from './config/address.ts';
import { CorsRules } from './cors/cors-rules.ts';
import { evictWhileWaiting } from './evict-while-waiting.ts';
import type { Gateway, GatewayOptions } from './gateway.ts';
import type { GatewayGround } from './gateway-ground.ts';
import { openContentHashing } from './hashing/open-content-hashing.ts';
import type { AccessNote } from './http/http-ground.ts';
import type { HttpServer } from './http/http-server.ts';
import { openHttpServer } from './http/open-http-server.ts';
import { divideMemory, type MemoryShares } from './memory-shares.ts';
import { operationHandlers } from './operations/operation-handlers.ts';
import { readingRoom } from './reading/reading-room.ts';
import { openRecordBook, type RecordFault } from './records/open-record-book.ts';
import { RequestFactsBook } from './request-facts.ts';
import { RequestHandler } from './request-handler.ts';
import { sweepAbandoned } from './sweep-abandoned.ts';
import { type AdminServer, openAdminServer } from './telemetry/admin-server.ts';
import { GatewayMetrics } from './telemetry/gateway-metrics.ts';
import { openLogger } from './telemetry/open-logger.ts';
import { RequestTelemetry } from './telemetry/request-telemetry.ts';

const nowhere = { write: () => {} };

/** Of what is announced, the process may have so much before garbage is collected that V8 would leave for later. */
const collectedShare = 0.75;

/** Whom all buckets belong to unless told. */
const defaultOwner = { id: 'sealpart', displayName: 'sealpart' } as const;

/** What only tests replace. */
export interface GatewayInternals {
  readonly intake: IntakeMemoryOptions;
}

/**
 * Opens a gateway: its records, threads and memory, and then its ports.
 *
 * @throws SealpartError `no-recipient` or `header-auth` if the keys are not those of the manifest's records;
 *   `bad-parameters` for memory that is too little; `io` for an address that cannot be listened on; `bad-key` for a
 *   certificate; what the manifest throws
 */
export async function openGateway(
  options: GatewayOptions,
  signal: AbortSignal,
  internals: Partial<GatewayInternals> = {},
): Promise<Gateway> {
  const opened = new AsyncDisposableStack();
  try {
    const workers = options.workers ?? defaultWorkers();
    const shares = divideMemory(options.memoryBytes, workers);
    const work = await openWork({ ...options, workers, internals }, shares, opened, signal);
    const { server, admin } = await openPorts(options, work, opened, signal);
    const { intake, pool } = work.ground;
    opened.defer(evictWhileWaiting([intake, pool.plain, readingRoom(work.ground)], server));
    opened.defer(collectGarbageAbove(collectedShare * shares.peakBytes, () => server.counters.requests));
    opened.defer(sweepAbandoned(work.ground));
    const scheme = options.tls === undefined ? 'http' : 'https';
    const parts = opened.move();
    let closing: Promise<void> | undefined;
    return {
      url: `${scheme}://${addressText(server.address)}`,
      adminUrl: admin === undefined ? undefined : `http://${addressText(admin.address)}`,
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

/** What does the work behind the ports. */
interface GatewayWork {
  readonly ground: GatewayGround;
  readonly log: Logger;
  readonly metrics: GatewayMetrics;
}

async function openWork(
  options: GatewayOptions & { readonly workers: number; readonly internals: Partial<GatewayInternals> },
  { plainBytes, wireBytes, cacheBytes }: MemoryShares,
  opened: AsyncDisposableStack,
  signal: AbortSignal,
): Promise<GatewayWork> {
  const { store, manifest, recipients, access, buckets, digestAlg, etags, plaintext, namesInContext, region } = options;
  const { clock = Date.now, workers, internals } = options;
  const logicalBucket = (bucket: string): string => (Object.hasOwn(buckets, bucket) ? buckets[bucket]! : bucket);
  const { logger: log } = await openLogger({ level: options.logLevel, destination: options.log ?? nowhere });
  const metrics = new GatewayMetrics();
  const onFault = ({ bucket, key, where, why }: RecordFault): void =>
    log.warn({ bucket, key, where, why }, 'a record was not used: sealpart reindex writes it anew');
  const records = await openRecordBook(
    { records: manifest.records, recipients, access, logicalBucket, cacheBytes, clock, onFault },
    signal,
  );
  const pool = createFramePool({ workers, plainBytes, wireBytes });
  opened.defer(() => pool.close());
  const hashing = openContentHashing({ workers });
  opened.defer(() => hashing.close());
  const intake = IntakeMemory.open(pool, internals.intake);
  watchMemory(metrics, pool, intake);
  const { originKey } = access;
  const ground: GatewayGround = {
    store,
    records,
    uploads: manifest,
    pool,
    intake,
    readCacheBytes: cacheBytes,
    hashing,
    recipients,
    access,
    writing: { digestAlg, originKey },
    etags,
    plaintext,
    namesInContext,
    region,
    owner: options.owner ?? defaultOwner,
    logicalBucket,
    clock,
    onTrouble: (what, error) => log.error({ err: error }, what),
  };
  return { ground, log, metrics };
}

/** Those who read and those who write have their own memory, and each is shown as what it has in use of that. */
function watchMemory(metrics: GatewayMetrics, pool: FramePool, intake: IntakeMemory): void {
  const { plainBytes, wireBytes } = intake.setAside;
  metrics.watchBudget('plain', budgetOf(pool.plain, plainBytes));
  metrics.watchBudget('wire', budgetOf(pool.wire, wireBytes));
  const { wire } = intake;
  metrics.watchBudget('intake-plain', { usedBytes: () => intake.plainUsedBytes, capacityBytes: plainBytes });
  metrics.watchBudget('intake-wire', {
    usedBytes: () => (wire.pieces - wire.freePieces) * wire.pieceBytes,
    capacityBytes: wire.pieces * wire.pieceBytes,
  });
}

function budgetOf(arena: SharedArena, setAsideBytes: number): { usedBytes(): number; readonly capacityBytes: number } {
  return {
    usedBytes: () => arena.usedBytes - setAsideBytes,
    capacityBytes: arena.capacityBytes - setAsideBytes,
  };
}

/** The ports of a gateway: that of its clients, and that of those who run it. */
interface Ports {
  readonly server: HttpServer;
  readonly admin: AdminServer | undefined;
}

async function openPorts(
  options: GatewayOptions,
  { ground, log, metrics }: GatewayWork,
  opened: AsyncDisposableStack,
  signal: AbortSignal,
): Promise<Ports> {
  const { accessKeys, domains, listen, tls, maxConnections, idleTimeoutMs } = options;
  const facts = new RequestFactsBook();
  const accessLog = await openAccessLog(options);
  const telemetry = new RequestTelemetry({ log, accessLog, metrics, facts });
  const cors = new CorsRules(
    ground.store,
    () => ground.clock(),
    (what, error) => ground.onTrouble?.(what, error),
  );
  const handler = new RequestHandler({ ground, accessKeys, cors, domains, facts, operations: operationHandlers });
  const limits = {
    ...(maxConnections === undefined ? {} : { connections: maxConnections }),
    ...(idleTimeoutMs === undefined ? {} : { bodyIdleMs: idleTimeoutMs, answerIdleMs: idleTimeoutMs }),
  };
  const onAccess = (note: AccessNote): void => telemetry.over(note);
  const onFault = (error: unknown): void => telemetry.fault(error);
  // First: a port that clients use is not opened for nothing.
  const admin = await openAdmin(options, metrics, ground, signal);
  if (admin !== undefined) opened.defer(() => admin.close());
  const server = await openHttpServer({ handler, listen, tls, limits, onAccess, onFault }, signal);
  metrics.watchServer(server);
  return { server, admin };
}

async function openAccessLog({ accessLog }: GatewayOptions): Promise<Logger | undefined> {
  if (accessLog === undefined) return undefined;
  return (await openLogger({ level: 'info', destination: accessLog })).logger;
}

async function openAdmin(
  { adminListen }: GatewayOptions,
  metrics: GatewayMetrics,
  ground: GatewayGround,
  signal: AbortSignal,
): Promise<AdminServer | undefined> {
  if (adminListen === undefined) return undefined;
  const ready = (checkSignal: AbortSignal) => checkReadiness(ground, checkSignal);
  return await openAdminServer({ ...adminListen, metrics, ready }, signal);
}
