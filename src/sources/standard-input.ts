import { fstatSync, read } from 'node:fs';
import { isatty } from 'node:tty';
import { promisify } from 'node:util';
import { createDescriptorSource } from './descriptor-source.ts';
import type { Source } from './source.ts';
import { createStreamSource } from './stream-source.ts';

const name = 'standard input';
const standardInput = 0;
const readDescriptor = promisify(read);

/**
 * The source over what this process was given as standard input. A file that was redirected into it is read from where
 * it stands, straight into the reader's memory; its size is not known, because others may have read from it before.
 */
export function openStandardInput(): Source {
  const found = fstatSync(standardInput);
  // Everything else is read by descriptor: of a directory, Node would make an empty stream.
  if (found.isFIFO() || found.isSocket() || isatty(standardInput)) {
    return createStreamSource(process.stdin, { name });
  }
  return createDescriptorSource(name, {
    async read(target) {
      const { bytesRead } = await readDescriptor(standardInput, target, 0, target.length, null);
      return bytesRead;
    },
    // The descriptor is the process's, not the source's.
    close: async () => undefined,
  });
}
