import { readFile } from 'node:fs/promises';
import { SealpartError } from '../errors.ts';
import { systemCode } from '../sources/io-error.ts';

/**
 * Reads a file that a setting names.
 *
 * @param from where its name stands: `--tls-cert`
 * @throws SealpartError `bad-parameters`
 */
export async function readSmallFile(path: string, from: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    const what = `${from} names ${path}, which cannot be read (${systemCode(error) ?? 'for no reason that is known'}).`;
    throw new SealpartError('bad-parameters', `${what} Look at the name and at who may read it.`, { cause: error });
  }
}
