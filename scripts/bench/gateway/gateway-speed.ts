import { makeBucket, type Reachable } from '../../../test/support/servers/s3-client.ts';
import { startVersitygw } from '../../../test/support/servers/versitygw.ts';
import type { Bench, BenchOptions, BenchReport, Figure } from '../bench.ts';
import { withScratch } from '../scratch.ts';
import { buildSealpart } from '../sealpart-process.ts';
import { median, medianRatio } from '../statistics.ts';
import { type Front, startBenchGateway, startPlainProxy } from './bench-gateway.ts';
import type { LoadJob } from './load-job.ts';
import { type LoadProcess, startLoad } from './load-process.ts';
import { processCpuSeconds, processPeakMiB } from './process-cpu.ts';
import { startRcloneServe } from './rclone-serve.ts';
import { measureUnavoidable, type Unavoidable } from './unavoidable.ts';

/** The gateway over versitygw, beside a reverse proxy of plain Node and beside `rclone serve s3` over a crypt remote. */
export const gatewaySpeed: Bench = { name: 'gateway', byDefault: false, run: measure };

const connections = 4;
const small = { connections: 16, sizeBytes: 1024 };
const rangeBytes = 200 * 2 ** 10;
/** A trial on small objects is not for its figures. */
const leastTelling = 64 * 2 ** 20;

const fronts = ['proxy', 'md5', 'opaque', 'rclone'] as const;
type FrontName = (typeof fronts)[number];

/** What one run of a front took. */
interface Cost {
  readonly bytesPerSecond: number;
  readonly requestsPerSecond: number;
  readonly cpuNsPerByte: number;
  readonly p50Ms: number;
}

const works = ['put', 'get', 'range', 'smallPut', 'smallGet'] as const;
type Work = (typeof works)[number];
type Costs = Map<`${FrontName} ${Work}`, Cost[]>;

async function measure(options: BenchOptions): Promise<BenchReport> {
  const objectBytes = options.sizeBytes ?? 256 * 2 ** 20;
  const notes: string[] = [];
  const figures = await withScratch(connections * objectBytes * 5 + 2 ** 30, async (folder) => {
    const cliPath = await buildSealpart(folder);
    const server = await startVersitygw({ parentFolder: folder });
    const running = new Map<FrontName, Front>();
    const load = await startLoad();
    try {
      running.set('proxy', await startPlainProxy(server));
      for (const etag of ['md5', 'opaque'] as const) {
        running.set(etag, await startBenchGateway(server, { cliPath, folder, etag }));
      }
      const rclone = await startRcloneServe(server, folder);
      if ('missing' in rclone) notes.push(rclone.missing);
      else running.set('rclone', rclone);
      const { costs, unavoidable } = await runRounds(running, server, load, objectBytes, options);
      const peak = await processPeakMiB(running.get('md5')!.pid);
      return [...figuresOf(costs, unavoidable), { name: 'peak of the gateway', value: peak, unit: 'MiB' } as const];
    } finally {
      await load.stop();
      for (const front of running.values()) await front.stop();
      await server.stop();
    }
  });
  return { bench: 'gateway', how: howText(objectBytes, options), figures: figures ?? [], notes };
}

function howText(objectBytes: number, { rounds }: BenchOptions): string {
  return (
    `${connections} connections, each with an object of ${objectBytes / 2 ** 20} MiB, over versitygw in memory; a client in a ` +
    'process of its own that sends UNSIGNED-PAYLOAD and no checksum. CPU time is that of the process in front of the ' +
    'store, all threads; what cannot be avoided is the plain proxy, the bare loop of node:crypto with digest 3, and MD5 where ' +
    `it is on, measured in the same rounds. One run of each side a round, ${rounds} rounds after one that warms up; ratios ` +
    'are medians of the rounds, others medians of the runs.'
  );
}

async function runRounds(
  running: ReadonlyMap<FrontName, Front>,
  server: Reachable,
  load: LoadProcess,
  objectBytes: number,
  { rounds, progress }: BenchOptions,
): Promise<{ costs: Costs; unavoidable: Unavoidable[] }> {
  const costs: Costs = new Map();
  const unavoidable: Unavoidable[] = [];
  const buckets = new Map<FrontName, string>();
  for (const [name, front] of running) {
    buckets.set(name, name === 'proxy' ? await makeBucket(server) : await makeBucket(front));
  }
  for (let round = 0; round <= rounds; round++) {
    unavoidable.push(await measureUnavoidable(Math.min(2 ** 29, 8 * objectBytes)));
    for (const work of works) {
      for (const [name, front] of running) {
        progress(`gateway, round ${round}: ${name} ${work}`);
        const cost = await runOnce(front, load, jobOf(work, front, buckets.get(name)!, objectBytes));
        if (round > 0) costs.set(`${name} ${work}`, [...(costs.get(`${name} ${work}`) ?? []), cost]);
      }
    }
  }
  return { costs, unavoidable };
}

function jobOf(work: Work, front: Front, bucket: string, objectBytes: number): LoadJob {
  const { endpoint, region, accessKeyId, secretAccessKey } = front;
  const common = { endpoint, region, accessKeyId, secretAccessKey, bucket };
  const isTrial = objectBytes < leastTelling;
  const requests = isTrial ? 100 : 8000;
  const large = { ...common, prefix: 'large-', keys: connections, connections, requests: connections };
  switch (work) {
    case 'put':
    case 'get':
      return { ...large, operation: work, sizeBytes: objectBytes };
    case 'range':
      return {
        ...large,
        operation: 'range',
        connections: 1,
        requests: isTrial ? 20 : 200,
        sizeBytes: rangeBytes,
        objectBytes,
      };
    default:
      return {
        ...common,
        ...small,
        requests,
        operation: work === 'smallPut' ? 'put' : 'get',
        prefix: 'small-',
        keys: requests,
      };
  }
}

async function runOnce({ pid }: Front, load: LoadProcess, job: LoadJob): Promise<Cost> {
  const before = await processCpuSeconds(pid);
  const { seconds, latenciesMs } = await load.run(job);
  const cpuSeconds = (await processCpuSeconds(pid)) - before;
  const bytes = job.requests * job.sizeBytes;
  return {
    bytesPerSecond: bytes / seconds,
    requestsPerSecond: job.requests / seconds,
    cpuNsPerByte: (cpuSeconds * 1e9) / bytes,
    p50Ms: median(latenciesMs),
  };
}

function figuresOf(costs: Costs, rounds: readonly Unavoidable[]): Figure[] {
  const of = (front: FrontName, work: Work, measure: keyof Cost): number[] =>
    (costs.get(`${front} ${work}`) ?? []).map((cost) => cost[measure]);
  const counted = rounds.slice(1);
  const encrypt = counted.map((round) => round.encrypt);
  const decrypt = counted.map((round) => round.decrypt);
  const md5 = counted.map((round) => round.md5);
  const sum = (...terms: readonly (readonly number[])[]): number[] =>
    terms[0]!.map((_, i) => terms.reduce((total, term) => total + term[i]!, 0));
  const proxyPut = of('proxy', 'put', 'cpuNsPerByte');
  const proxyGet = of('proxy', 'get', 'cpuNsPerByte');
  const cpuGoal = { atMost: 1.5, aim: 1.15 };
  const ratio = (name: string, a: number[], b: number[], goal?: Figure['goal']): Figure[] =>
    a.length === 0 || b.length === 0
      ? []
      : [{ name, value: medianRatio(a, b), unit: 'ratio', ...(goal === undefined ? {} : { goal }) }];
  const value = (name: string, values: number[], unit: Figure['unit']): Figure[] =>
    values.length === 0 ? [] : [{ name, value: median(values), unit }];
  return [
    ...ratio(
      'PUT with MD5, CPU to what cannot be avoided',
      of('md5', 'put', 'cpuNsPerByte'),
      sum(proxyPut, encrypt, md5),
      cpuGoal,
    ),
    ...ratio('PUT, opaque ETag, likewise', of('opaque', 'put', 'cpuNsPerByte'), sum(proxyPut, encrypt), cpuGoal),
    ...ratio('GET, likewise', of('md5', 'get', 'cpuNsPerByte'), sum(proxyGet, decrypt), cpuGoal),
    ...ratio(
      'PUT with MD5 to the plain proxy, wall',
      of('md5', 'put', 'bytesPerSecond'),
      of('proxy', 'put', 'bytesPerSecond'),
      { atLeast: 0.55 },
    ),
    ...ratio(
      'PUT, opaque ETag, likewise',
      of('opaque', 'put', 'bytesPerSecond'),
      of('proxy', 'put', 'bytesPerSecond'),
      { atLeast: 0.7 },
    ),
    ...ratio('GET, likewise', of('md5', 'get', 'bytesPerSecond'), of('proxy', 'get', 'bytesPerSecond'), {
      atLeast: 0.6,
    }),
    ...ratio(
      'GET of 200 KiB of it, p50 to the plain proxy',
      of('md5', 'range', 'p50Ms'),
      of('proxy', 'range', 'p50Ms'),
      { atMost: 1.5 },
    ),
    ...ratio(
      'PUTs of 1 KiB a second, to the plain proxy',
      of('md5', 'smallPut', 'requestsPerSecond'),
      of('proxy', 'smallPut', 'requestsPerSecond'),
      { atLeast: 0.5 },
    ),
    ...ratio(
      'GETs of 1 KiB a second, to the plain proxy',
      of('md5', 'smallGet', 'requestsPerSecond'),
      of('proxy', 'smallGet', 'requestsPerSecond'),
      { atLeast: 0.5 },
    ),
    ...ratio(
      'PUT to rclone serve s3 over crypt',
      of('md5', 'put', 'bytesPerSecond'),
      of('rclone', 'put', 'bytesPerSecond'),
      { atLeast: 1.5 },
    ),
    ...ratio(
      'GET to rclone serve s3 over crypt',
      of('md5', 'get', 'bytesPerSecond'),
      of('rclone', 'get', 'bytesPerSecond'),
      { atLeast: 1.5 },
    ),
    ...value('PUT with MD5: CPU', of('md5', 'put', 'cpuNsPerByte'), 'ns/B'),
    ...value('PUT, opaque ETag: CPU', of('opaque', 'put', 'cpuNsPerByte'), 'ns/B'),
    ...value('GET: CPU', of('md5', 'get', 'cpuNsPerByte'), 'ns/B'),
    ...value('plain proxy, PUT: CPU', proxyPut, 'ns/B'),
    ...value('plain proxy, GET: CPU', proxyGet, 'ns/B'),
    ...value('bare loop, encrypt: CPU', encrypt, 'ns/B'),
    ...value('bare loop, decrypt: CPU', decrypt, 'ns/B'),
    ...value('MD5: CPU', md5, 'ns/B'),
    ...value(
      'PUT with MD5: speed',
      of('md5', 'put', 'bytesPerSecond').map((v) => v / 1e9),
      'GB/s',
    ),
    ...value(
      'GET: speed',
      of('md5', 'get', 'bytesPerSecond').map((v) => v / 1e9),
      'GB/s',
    ),
    ...value(
      'plain proxy, PUT: speed',
      of('proxy', 'put', 'bytesPerSecond').map((v) => v / 1e9),
      'GB/s',
    ),
    ...value(
      'plain proxy, GET: speed',
      of('proxy', 'get', 'bytesPerSecond').map((v) => v / 1e9),
      'GB/s',
    ),
  ];
}
