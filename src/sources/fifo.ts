import { close, constants, fstat, open, type Stats } from 'node:fs';
import { Socket } from 'node:net';
import { promisify } from 'node:util';
import { SealpartError } from '../errors.ts';

const openDescriptor = promisify(open);
const describe: (descriptor: number) => Promise<Stats> = promisify(fstat);
const closeDescriptor = promisify(close);

/**
 * Opens a named pipe as a stream of the event loop, so that waiting for the other end costs no thread and can be
 * cancelled by destroying it.
 *
 * @param access - O_RDONLY, or O_WRONLY with flags: then it fails with ENXIO as long as nobody reads.
 */
export async function openFifo(path: string, access: number): Promise<Socket> {
  const descriptor = await openDescriptor(path, access | constants.O_NONBLOCK);
  const writable = (access & constants.O_WRONLY) !== 0;
  try {
    // Between a look at the path and its opening something else may have been put there.
    if (!(await describe(descriptor)).isFIFO()) {
      throw new SealpartError('io', `${path} is not a named pipe any more. Run the command again.`);
    }
    return new Socket({ fd: descriptor, readable: !writable, writable });
  } catch (error) {
    await closeDescriptor(descriptor);
    throw error;
  }
}
