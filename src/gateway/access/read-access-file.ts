import { type FileHandle, open } from 'node:fs/promises';
import { SealpartError } from '../../errors.ts';
import { type AccessDocument, parseAccessKeys } from './parse-access-keys.ts';

/** Thousands of keys with their rules are smaller. */
const mostBytes = 4 * 2 ** 20;

export interface ReadAccessFile {
  readonly document: AccessDocument;
  /** True if others than its owner may read the file. */
  readonly readableByOthers: boolean;
}

/**
 * Reads a file of access keys.
 *
 * @throws SealpartError `bad-key` if it cannot be read, or does not say who may do what; no message has a secret in it
 */
export async function readAccessFile(path: string): Promise<ReadAccessFile> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, 'r');
    const { mode, size } = await handle.stat();
    const bytes = Buffer.alloc(mostBytes + 1);
    const length = await fill(handle, bytes);
    if (length > mostBytes) {
      throw new SealpartError(
        'bad-key',
        `${path} has more than ${mostBytes} bytes (${size}): it is no file of access keys.`,
      );
    }
    const text = bytes.toString('utf8', 0, length);
    bytes.fill(0);
    // What Windows says of a mode tells nothing.
    const readableByOthers = process.platform !== 'win32' && (mode & 0o077) !== 0;
    return { document: parseAccessKeys(text, path), readableByOthers };
  } catch (error) {
    if (error instanceof SealpartError) throw error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    const what = `The access keys of ${path} cannot be read (${code}).`;
    throw new SealpartError('bad-key', `${what} Look at the name and at who may read it.`, { cause: error });
  } finally {
    await handle?.close();
  }
}

async function fill(handle: FileHandle, bytes: Uint8Array): Promise<number> {
  for (let length = 0; ; ) {
    const { bytesRead } = await handle.read(bytes, length, bytes.length - length);
    length += bytesRead;
    if (bytesRead === 0 || length === bytes.length) return length;
  }
}
