import type { RunCost } from '../rounds.ts';
import { plainGet, plainPut, plainPutFile } from './plain-sides.ts';
import { get, getPooled, put, putMemory, putPooled, putUnlisted } from './sealpart-sides.ts';
import type { Side, SideJob, SideName } from './side-job.ts';

// The process of one side: prepares it, and runs it once a message. It ends with the one that started it.

const sides: Readonly<Record<SideName, (job: SideJob) => Promise<Side>>> = {
  put,
  putUnlisted,
  putPooled,
  putMemory,
  plainPut,
  plainPutFile,
  get,
  getPooled,
  plainGet,
};

const job = JSON.parse(process.argv[2]!) as SideJob;
const side = await sides[job.side](job);

async function measure(): Promise<RunCost> {
  const before = process.cpuUsage();
  const start = performance.now();
  await side.run();
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(before);
  return { seconds, cpuSeconds: (user + system) / 1e6 };
}

process.on('message', () => {
  // A side that fails ends its process, and says why on standard error.
  void measure().then((cost) => process.send!(cost));
});
process.once('disconnect', () => void side.close());
process.send!('ready');
