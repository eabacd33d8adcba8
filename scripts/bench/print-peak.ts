import { readFileSync, writeSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

// Loaded into a process that is measured: at its end, what the system knows of its memory goes to descriptor 3.

if (isMainThread && process.platform === 'linux') {
  process.once('exit', () => {
    writeSync(3, readFileSync('/proc/self/status'));
  });
}
