import { openS3Store, type S3StoreOptions } from '../../../src/objects/s3/open-s3-store.ts';
import type { Reachable } from '../servers/s3-client.ts';
import { openTestGateway, type TestGateway, type TestGatewayOptions } from './open-test-gateway.ts';

/** A gateway in this process of which everything can be seen that those see who run one. */
export interface WatchedGateway extends TestGateway {
  /** All that it logged. */
  log(): string;
  /** All lines of its access log. */
  accessLog(): string;
  /** The present value of a metric, by its name with its labels as they are written. */
  metric(name: string): Promise<number>;
  /** What is in use: bytes of all budgets, and requests that are being answered. */
  inUse(): Promise<number>;
}

export interface WatchedGatewayOptions extends TestGatewayOptions {
  /** How the store behind is asked: soon tired of waiting, unless told. */
  readonly patience?: Partial<Pick<S3StoreOptions, 'idleTimeoutMs' | 'maxAttempts' | 'backoff'>>;
}

const soonTired = { idleTimeoutMs: 400, maxAttempts: 2, backoff: { baseMs: 5, capMs: 20 } };

export async function openWatchedGateway({
  behind,
  patience,
  options,
  wrap = (store) => store,
  ...others
}: WatchedGatewayOptions = {}): Promise<WatchedGateway> {
  const lines: string[] = [];
  const accessLines: string[] = [];
  const store = behind === undefined ? undefined : await openServer(behind, { ...soonTired, ...patience });
  const gateway = await openTestGateway({
    ...others,
    ...(store === undefined && { wrap }),
    options: {
      adminListen: { host: '127.0.0.1', port: 0 },
      logLevel: 'trace',
      log: { write: (line) => void lines.push(line) },
      accessLog: { write: (line) => void accessLines.push(line) },
      ...(store !== undefined && { store: wrap(store) }),
      ...options,
    },
  });
  const metrics = async (): Promise<string> => (await fetch(`${gateway.gateway.adminUrl}/metrics`)).text();
  return {
    ...gateway,
    ...(store !== undefined && { store }),
    log: () => lines.join(''),
    accessLog: () => accessLines.join(''),
    metric: async (name) => metricIn(await metrics(), name),
    inUse: async () => {
      const text = await metrics();
      const budgets = ['plain', 'wire', 'intake-plain', 'intake-wire'].map(
        (budget) => `sealpart_budget_used_bytes{budget="${budget}"}`,
      );
      return [...budgets, 'sealpart_bodies_open'].reduce((sum, name) => sum + metricIn(text, name), 0);
    },
    stop: async () => {
      await gateway.stop();
      await store?.close();
    },
  };
}

function openServer({ endpoint, region, accessKeyId, secretAccessKey }: Reachable, patience: Partial<S3StoreOptions>) {
  const credentials = { accessKeyId, secretAccessKey };
  return openS3Store({ endpointUrl: endpoint, region, credentials, ...patience });
}

function metricIn(metrics: string, name: string): number {
  const line = metrics.split('\n').find((each) => each.startsWith(`${name} `));
  // What was never counted is not there.
  return line === undefined ? 0 : Number(line.slice(name.length + 1));
}
