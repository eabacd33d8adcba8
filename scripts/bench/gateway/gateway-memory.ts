import { makeBucket } from '../../../test/support/servers/s3-client.ts';
import { startVersitygw } from '../../../test/support/servers/versitygw.ts';
import type { Bench, BenchOptions, BenchReport, Figure } from '../bench.ts';
import { withScratch } from '../scratch.ts';
import { buildSealpart } from '../sealpart-process.ts';
import { startBenchGateway } from './bench-gateway.ts';
import type { LoadJob } from './load-job.ts';
import { startLoad } from './load-process.ts';
import { processPeakMiB } from './process-cpu.ts';

/** What the gateway takes at its peak while many clients, half of them slow, put and get at once. */
export const gatewayMemory: Bench = { name: 'gateway-memory', byDefault: false, run: measure };

const clients = 32;
const memoryMiB = 256;
/** What the gateway says at its start: the budget, two workers and the process. */
const announcedMiB = memoryMiB + 300;
const slowBytesPerSecond = 4 * 2 ** 20;

async function measure(options: BenchOptions): Promise<BenchReport> {
  const objectBytes = options.sizeBytes ?? 256 * 2 ** 20;
  const figures = await withScratch(clients * objectBytes * 2.2, async (folder) => {
    const cliPath = await buildSealpart(folder);
    const server = await startVersitygw({ parentFolder: folder });
    const gateway = await startBenchGateway(server, {
      cliPath,
      folder,
      etag: 'md5',
      flags: ['--memory', `${memoryMiB}MiB`, '--workers', '2'],
    });
    const loads = await Promise.all(['put', 'slow put', 'get', 'slow get'].map(() => startLoad()));
    try {
      const bucket = await makeBucket(gateway);
      const { endpoint, region, accessKeyId, secretAccessKey } = gateway;
      const half = clients / 2;
      const common = { endpoint, region, accessKeyId, secretAccessKey, bucket, sizeBytes: objectBytes };
      const each = { ...common, keys: half, connections: half, requests: half };
      const slow = { bytesPerSecond: slowBytesPerSecond };
      options.progress('gateway-memory, objects to get');
      await loads[0]!.run({ ...each, operation: 'put', prefix: 'there-' });
      const jobs: LoadJob[] = [
        { ...each, operation: 'put', prefix: 'fast-' },
        { ...each, ...slow, operation: 'put', prefix: 'slow-' },
        { ...each, operation: 'get', prefix: 'there-' },
        { ...each, ...slow, operation: 'get', prefix: 'there-' },
      ];
      options.progress('gateway-memory, 64 clients');
      const results = await Promise.all(jobs.map((job, i) => loads[i]!.run(job)));
      const slowedDown = results.reduce((sum, result) => sum + result.slowedDown, 0);
      return [
        {
          name: 'peak of the process to what it announces',
          value: (await processPeakMiB(gateway.pid)) / announcedMiB,
          unit: 'ratio',
          goal: { atMost: 1 },
        },
        { name: 'peak of the process', value: await processPeakMiB(gateway.pid), unit: 'MiB' },
        { name: 'requests told to slow down, that then went well', value: slowedDown, unit: 'requests' },
        { name: 'slow clients, seconds', value: Math.max(results[1]!.seconds, results[3]!.seconds), unit: 's' },
        { name: 'fast clients, seconds', value: Math.max(results[0]!.seconds, results[2]!.seconds), unit: 's' },
      ] satisfies Figure[];
    } finally {
      for (const load of loads) await load.stop();
      await gateway.stop();
      await server.stop();
    }
  });
  return {
    bench: 'gateway-memory',
    how:
      `${clients} PUTs and ${clients} GETs of ${objectBytes / 2 ** 20} MiB at once through one gateway with --memory ` +
      `${memoryMiB}MiB over versitygw, half of each at ${slowBytesPerSecond / 2 ** 20} MiB/s a connection. Every GET is ` +
      'whole and every PUT answered with 200, or this fails.',
    figures: figures ?? [],
    notes: figures === undefined ? ['There is no room for the objects.'] : [],
  };
}
