import { realpath, stat } from 'node:fs/promises';
import { dirname, sep } from 'node:path';
import { SealpartError } from '../errors.ts';
import type { ReaderKeys } from '../keys/open-header.ts';
import type { Recipient } from '../keys/recipient.ts';
import type { CliContext } from './cli-context.ts';
import { readWriterKeys } from './read-keys.ts';
import { whatStandsAt } from './tree-folder.ts';

export interface GatewayKeys {
  /** The first key file: for whom objects are written. */
  readonly recipients: readonly Recipient[];
  /** All of them. */
  readonly access: Omit<ReaderKeys, 'objectName'>;
  readonly warnings: readonly string[];
}

/**
 * The key files of the settings.
 *
 * @param storeFolder of a store in one, in which no key may be: a copy of the store would be a copy of the key
 * @throws SealpartError `bad-key`, `bad-parameters`
 */
export async function readGatewayKeys(
  files: readonly string[],
  storeFolder: string | undefined,
  context: CliContext,
): Promise<GatewayKeys> {
  const { recipients, identities } = await readWriterKeys({ keyFile: files }, context);
  const warnings: string[] = [];
  for (const file of files) {
    if (storeFolder !== undefined && (await isInside(file, storeFolder))) {
      const what = `The key file ${file} is inside of the store ${storeFolder}, and would be in every copy of it.`;
      throw new SealpartError('bad-parameters', `${what} Move it to another place.`);
    }
    const { mode } = await stat(file);
    if (process.platform !== 'win32' && (mode & 0o077) !== 0)
      warnings.push(`others may read the key in ${file}: chmod 600 it`);
  }
  return { recipients: recipients.slice(0, 1), access: { identities, allowPublicKeyRecipients: false }, warnings };
}

async function isInside(file: string, folder: string): Promise<boolean> {
  // A folder that is not there yet holds nothing.
  if ((await whatStandsAt(folder)) === undefined) return false;
  const [place, root] = await Promise.all([realpath(dirname(file)), realpath(folder)]);
  return `${place}${sep}`.startsWith(`${root}${sep}`);
}
