import { constants } from 'node:fs';
import { SealpartError, throwIfAborted } from '../errors.ts';
import { openFifo } from '../sources/fifo.ts';
import { ioError, systemCode } from '../sources/io-error.ts';
import { pause } from '../sources/pause.ts';
import { createDescriptorSink } from './descriptor-sink.ts';
import type { FileOperations } from './file-operations.ts';
import type { Sink } from './sink.ts';
import { createStreamSink } from './stream-sink.ts';

/** How long to wait before a named pipe without a reader is tried again: the system tells nobody when one comes. */
const readerPollMs = 50;

/**
 * Opens a character device to write to it as it is.
 *
 * @throws SealpartError `io` if it cannot be opened or is no device any more.
 */
export async function openDeviceSink(path: string, operations: FileOperations): Promise<Sink> {
  const deed = `${path} could not be opened`;
  const flags = constants.O_WRONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0);
  const file = await operations.open(path, flags).catch((cause: unknown) => {
    throw ioError(deed, cause);
  });
  try {
    // Between the look at the path and its opening something else may have been put there.
    if (!(await file.stat()).isCharacterDevice()) {
      throw new SealpartError('io', `${path} is not a device any more. Run the command again.`);
    }
  } catch (cause) {
    await file.close();
    throw ioError(deed, cause);
  }
  return createDescriptorSink(path, {
    async write(bytes) {
      const { bytesWritten } = await file.write(bytes, 0, bytes.length, null);
      return bytesWritten;
    },
    close: () => file.close(),
  });
}

/**
 * Opens a named pipe to write to it, as soon as somebody reads it.
 *
 * @throws SealpartError `aborted` if the signal fires before that, `io` if it cannot be opened.
 */
export async function openFifoSink(path: string, signal: AbortSignal): Promise<Sink> {
  for (;;) {
    throwIfAborted(signal);
    try {
      return createStreamSink(await openFifo(path, constants.O_WRONLY), { name: path });
    } catch (cause) {
      if (systemCode(cause) !== 'ENXIO') throw ioError(`${path} could not be opened`, cause);
    }
    await pause(readerPollMs, signal);
  }
}
