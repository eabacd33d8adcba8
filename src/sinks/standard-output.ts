import { fstatSync, write } from 'node:fs';
import { isatty } from 'node:tty';
import { promisify } from 'node:util';
import { createDescriptorSink } from './descriptor-sink.ts';
import type { Sink } from './sink.ts';
import { createStreamSink } from './stream-sink.ts';

const name = 'standard output';
const standardOutput = 1;
const writeDescriptor = promisify(write);

/**
 * The sink over what this process was given as standard output, which stays open. Nobody else may write to it
 * meanwhile.
 *
 * Node writes to files and devices on the main thread and waits there; here a thread of the pool does.
 */
export function openStandardOutput(): Sink {
  const found = fstatSync(standardOutput);
  if (found.isFIFO() || found.isSocket() || isatty(standardOutput)) {
    return createStreamSink(process.stdout, { name, leaveOpen: true });
  }
  return createDescriptorSink(name, {
    async write(bytes) {
      const { bytesWritten } = await writeDescriptor(standardOutput, bytes, 0, bytes.length, null);
      return bytesWritten;
    },
    // The descriptor is the process's, not the sink's.
    close: async () => undefined,
  });
}
