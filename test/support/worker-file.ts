import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { WorkerFault } from './faulty-task.ts';
import { temporaryDirectory } from './temporary-directory.ts';

/** A file for threads to run, that goes away with the test. */
export async function workerFile(script: string): Promise<URL> {
  const path = join(await temporaryDirectory(), 'worker.mjs');
  await writeFile(path, script);
  return pathToFileURL(path);
}

/** The file of a worker that does its work, but for a fault. */
export async function faultyWorker(fault: Omit<WorkerFault, 'folder'>): Promise<URL> {
  const told = { ...fault, folder: await temporaryDirectory() };
  const module = new URL('./faulty-task.ts', import.meta.url).href;
  return workerFile(
    `import { faultyTask } from ${JSON.stringify(module)};\nexport default faultyTask(${JSON.stringify(told)});\n`,
  );
}
