import { throwIfAborted } from '../errors.ts';
import type { AccessKey } from '../gateway/access/access-key.ts';
import { AccessKeys } from '../gateway/access/access-keys.ts';
import type { GatewayConfig } from '../gateway/config/gateway-config.ts';
import type { ReadConfig } from '../gateway/config/read-gateway-config.ts';
import type { Gateway, GatewayOptions } from '../gateway/gateway.ts';
import type { Manifest } from '../manifest/manifest.ts';
import { openSqliteManifest } from '../manifest/sqlite/open-sqlite-manifest.ts';
import type { BucketStore } from '../objects/bucket-store.ts';
import type { CliContext } from './cli-context.ts';
import type { GatewayFlags } from './gateway.ts';
import { type AccessSource, readAccess, soleKeyOf } from './gateway-access.ts';
import { AccessLog } from './gateway-access-log.ts';
import { type GatewayKeys, readGatewayKeys } from './gateway-keys.ts';
import { type MadeKeys, makeOwnKeys } from './gateway-own-keys.ts';
import { gatewayManifestPath, ownPlaces, storeFolder } from './gateway-places.ts';
import { serveUntilStopped } from './gateway-serving.ts';
import { checkSettings, printConfig, printSchema, readSettings } from './gateway-settings.ts';
import { tellMade, tellStart } from './gateway-start.ts';
import { type OpenedStore, openGatewayStore } from './gateway-store.ts';
import { readTls } from './gateway-tls.ts';
import { Report } from './report.ts';

/** What opens a gateway; only tests give another one. */
export type OpenGateway = (options: GatewayOptions, signal: AbortSignal) => Promise<Gateway>;

/** What the settings name, read. */
interface ReadParts {
  readonly keys: GatewayKeys;
  readonly accessSource: AccessSource;
  readonly accessKeys: AccessKeys;
  readonly warnings: readonly string[];
}

/** What a gateway is made of, read and open. */
interface GatewayParts extends ReadParts, OpenedStore {
  readonly manifest: Manifest;
  readonly tls: GatewayOptions['tls'];
  readonly made: MadeKeys;
}

/** gateway: reads the settings, opens what they name, and serves until it is told to stop. */
export async function runGateway(flags: GatewayFlags, context: CliContext, open?: OpenGateway): Promise<void> {
  if (flags.printSchema === true) return printSchema(context);
  const read = await readSettings(flags, context);
  if (flags.printConfig === true) await printConfig(read, context);
  checkSettings(read, context);
  if (flags.printConfig === true) return;
  const report = new Report('gateway', flags, context);
  await report.until(() => openParts(read, report, context, (parts) => serve(read, parts, report, context, open)));
}

/** Everything that can be wrong is read before anything is made. */
async function openParts(
  read: ReadConfig,
  report: Report,
  context: CliContext,
  run: (parts: GatewayParts) => Promise<void>,
): Promise<void> {
  const { config } = read;
  const sole = soleKeyOf(context.env);
  const { tls, warnings } = await readTls(read, Date.now());
  const configured = config.store === undefined ? undefined : await readParts(config, sole, context);
  const opened = await openGatewayStore(read, context);
  try {
    const { made, ...found } =
      configured === undefined ? await readOwnParts(config, sole, opened.store, context) : { ...configured, made: {} };
    tellMade(made, opened.region, report);
    const path = gatewayManifestPath(config, context.env);
    const manifest = await openSqliteManifest(path, { create: true, signal: context.signal });
    try {
      const all = [...opened.warnings, ...found.warnings, ...warnings];
      await run({ ...opened, ...found, made, manifest, tls, warnings: all });
    } finally {
      await manifest.close();
    }
  } finally {
    await opened.store.close();
  }
}

/** The keys that the settings name. */
async function readParts(
  config: Pick<GatewayConfig, 'keyFiles' | 'accessKeys' | 'store'>,
  sole: AccessKey | undefined,
  context: CliContext,
): Promise<ReadParts> {
  const keys = await readGatewayKeys(config.keyFiles, storeFolder(config, context.env), context);
  const accessSource = { file: config.accessKeys, sole };
  const { document, warnings } = await readAccess(accessSource);
  return { keys, accessSource, accessKeys: new AccessKeys(document), warnings: [...keys.warnings, ...warnings] };
}

/** The same of this user's own store: what the settings do not name is made, unless it was made before. */
async function readOwnParts(
  config: GatewayConfig,
  sole: AccessKey | undefined,
  store: BucketStore,
  context: CliContext,
): Promise<ReadParts & { readonly made: MadeKeys }> {
  const places = ownPlaces(context.env);
  const wanted = {
    keyFile: config.keyFiles.length === 0,
    accessKey: config.accessKeys === undefined && sole === undefined,
  };
  const made = await makeOwnKeys(places, wanted, store, context.signal);
  const own = {
    store: config.store,
    keyFiles: wanted.keyFile ? [places.keyFile] : config.keyFiles,
    accessKeys: wanted.accessKey ? places.accessKeys : config.accessKeys,
  };
  return { ...(await readParts(own, sole, context)), made };
}

async function serve(
  read: ReadConfig,
  parts: GatewayParts,
  report: Report,
  context: CliContext,
  given: OpenGateway | undefined,
): Promise<void> {
  // Loaded last: what is wrong with the settings is told without.
  const open = given ?? (await import('../gateway/open-gateway.ts')).openGateway;
  const { config } = read;
  const { accessSource, accessKeys } = parts;
  const accessLog = openAccessLog(config, report);
  try {
    const gateway = await open(optionsOf(config, parts, accessLog), context.signal);
    try {
      throwIfAborted(context.signal);
      tellStart(
        {
          ...parts,
          gateway,
          listenHost: config.listen.host,
          storeName: parts.store.name,
          manifestName: parts.manifest.name,
          accessFrom: accessSource.file ?? 'of the environment',
        },
        report,
      );
      const reload = { read, gateway, accessSource, accessKeys, accessLog };
      await serveUntilStopped(reload, report, context);
    } finally {
      await gateway.close(config.stopTimeout);
    }
  } finally {
    await accessLog?.close();
  }
}

function openAccessLog({ accessLog: path }: GatewayConfig, report: Report): AccessLog | undefined {
  return path === 'none'
    ? undefined
    : new AccessLog(path, (warning) => report.failure(`warning: ${warning}`, { warning }));
}

function optionsOf(config: GatewayConfig, parts: GatewayParts, accessLog: AccessLog | undefined): GatewayOptions {
  const { store, manifest, keys, accessKeys, tls, region } = parts;
  return {
    store,
    manifest,
    recipients: keys.recipients,
    access: keys.access,
    accessKeys,
    tls,
    region,
    owner: { id: config.owner, displayName: config.owner },
    accessLog,
    listen: config.listen,
    adminListen: config.adminListen === 'none' ? undefined : config.adminListen,
    memoryBytes: config.memory,
    workers: config.workers,
    digestAlg: config.digest,
    etags: config.etag,
    plaintext: config.plaintext,
    namesInContext: config.namesInContext,
    domains: config.domains,
    buckets: config.buckets,
    maxConnections: config.maxConnections,
    idleTimeoutMs: config.idleTimeout,
    logLevel: config.logLevel,
    log: process.stderr,
  };
}
