import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { HttpCounters } from '../http/http-ground.ts';

/** What a server is asked for as its metrics are read. */
export interface WatchedServer {
  readonly counters: Readonly<HttpCounters>;
  readonly openConnections: number;
  readonly idleConnections: number;
  readonly activeRequests: number;
}

/** What became of one request, for the metrics. */
export interface RequestMeasure {
  /** By the name that the model of S3's API gives it; `none` for what was refused before that was known. */
  readonly operation: string;
  readonly status: number;
  readonly durationMs: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
}

/** From the smallest GET to the largest PUT. In seconds. */
const buckets = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10, 60, 600];

/** Counts and gauges of one gateway, in a registry of its own: two of them in one process stay apart. */
export class GatewayMetrics {
  readonly #registry = new Registry();
  readonly #requests: Counter<'operation' | 'status'>;
  readonly #durations: Histogram<'operation'>;
  readonly #bytes: Counter<'direction'>;
  readonly #integrityFailures: Counter;
  readonly #backendErrors: Counter<'kind'>;
  readonly #budgets = new Map<string, { usedBytes(): number; readonly capacityBytes: number }>();

  constructor() {
    const registers = [this.#registry];
    this.#requests = new Counter({
      name: 'sealpart_requests_total',
      help: 'Requests that are over. Status 0: the client went before there was an answer.',
      labelNames: ['operation', 'status'],
      registers,
    });
    this.#durations = new Histogram({
      name: 'sealpart_request_duration_seconds',
      help: 'From the end of the headers to the end of the answer.',
      labelNames: ['operation'],
      buckets,
      registers,
    });
    this.#bytes = new Counter({
      name: 'sealpart_body_bytes_total',
      help: 'Bytes of bodies that came from clients (in) and went to them (out).',
      labelNames: ['direction'],
      registers,
    });
    this.#integrityFailures = new Counter({
      name: 'sealpart_integrity_failures_total',
      help: 'Objects that were refused, because they are not what was written, or not under these keys.',
      registers,
    });
    this.#backendErrors = new Counter({
      name: 'sealpart_backend_errors_total',
      help: 'Requests that failed for the store, the manifest or a key service.',
      labelNames: ['kind'],
      registers,
    });
    this.#describeProcess();
    this.#describeBudgets();
  }

  #describeProcess(): void {
    const registers = [this.#registry];
    new Counter({
      name: 'process_cpu_seconds_total',
      help: 'CPU time of the process, all threads.',
      registers,
      collect() {
        const { user, system } = process.cpuUsage();
        this.reset();
        this.inc((user + system) / 1e6);
      },
    });
    new Gauge({
      name: 'process_resident_memory_bytes',
      help: 'Memory of the process.',
      registers,
      collect() {
        this.set(process.memoryUsage.rss());
      },
    });
  }

  #describeBudgets(): void {
    const budgets = this.#budgets;
    const registers = [this.#registry];
    new Gauge({
      name: 'sealpart_budget_used_bytes',
      help: 'Memory of a budget that is in use.',
      labelNames: ['budget'],
      registers,
      collect() {
        for (const [budget, { usedBytes }] of budgets) this.set({ budget }, usedBytes());
      },
    });
    new Gauge({
      name: 'sealpart_budget_bytes',
      help: 'Memory that a budget may use.',
      labelNames: ['budget'],
      registers,
      collect() {
        for (const [budget, { capacityBytes }] of budgets) this.set({ budget }, capacityBytes);
      },
    });
  }

  /** Shows a budget: `plain`, `wire`. */
  watchBudget(name: string, budget: { usedBytes(): number; readonly capacityBytes: number }): void {
    this.#budgets.set(name, budget);
  }

  /** Shows a server's connections, and what it has turned away. Once. */
  watchServer(server: WatchedServer): void {
    const registers = [this.#registry];
    const gauges: [string, string, () => number][] = [
      ['sealpart_connections_open', 'Connections of clients.', () => server.openConnections],
      ['sealpart_connections_idle', 'Connections that wait for a request.', () => server.idleConnections],
      ['sealpart_bodies_open', 'Requests that are being answered.', () => server.activeRequests],
    ];
    for (const [name, help, read] of gauges) {
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(read());
        },
      });
    }
    new Counter({
      name: 'sealpart_http_events_total',
      help: 'Clients that were turned away, evicted, too slow, not understood, or gone.',
      labelNames: ['event'],
      registers,
      collect() {
        this.reset();
        for (const [event, count] of Object.entries(server.counters)) {
          if (event !== 'requests') this.inc({ event }, count);
        }
      },
    });
  }

  requestOver({ operation, status, durationMs, receivedBytes, sentBytes }: RequestMeasure): void {
    this.#requests.inc({ operation, status: String(status) });
    this.#durations.observe({ operation }, durationMs / 1000);
    if (receivedBytes > 0) this.#bytes.inc({ direction: 'in' }, receivedBytes);
    if (sentBytes > 0) this.#bytes.inc({ direction: 'out' }, sentBytes);
  }

  integrityFailed(): void {
    this.#integrityFailures.inc();
  }

  /** @param kind the code of the error: `store`, `denied`, `manifest`, `kms-unavailable`. */
  backendFailed(kind: string): void {
    this.#backendErrors.inc({ kind });
  }

  /** The text that Prometheus reads. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }
}
