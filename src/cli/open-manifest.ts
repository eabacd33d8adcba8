import { access, constants } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SealpartError } from '../errors.ts';
import type { HostKeys } from '../manifest/host-keys.ts';
import type { Manifest } from '../manifest/manifest.ts';
import { systemCode } from '../sources/io-error.ts';
import type { CliContext } from './cli-context.ts';
import { hostKeysFolder, type ManifestFlag, manifestPath } from './manifest-flag.ts';
import { whatStandsAt } from './tree-folder.ts';

/** Where uploads are written down, and where this host keeps its keys of them. */
export interface Books {
  readonly manifest: Manifest;
  readonly hostKeys: HostKeys;
}

/** SQLite does not say why it cannot open a database where it may not write, and nobody expects it to for a listing. */
async function readOnlyError(error: unknown, path: string): Promise<unknown> {
  if (!(error instanceof SealpartError) || error.code !== 'manifest') return error;
  const code = await access(dirname(path), constants.W_OK).then(() => undefined, systemCode);
  if (code !== 'EROFS' && code !== 'EACCES') return error;
  const why = code === 'EROFS' ? 'is on a disk that is read-only' : 'may not be written to by this user';
  const text =
    `The manifest sqlite:${path} cannot be opened: its folder ${why}, and SQLite writes beside a database also to read ` +
    'it. Make it writable, or copy the folder and name the copy.';
  return new SealpartError('manifest', text, { cause: error });
}

/**
 * Runs with the manifest of the flags, and closes it. There is none with `--manifest none`, or if the file is not there
 * and is not to be made.
 *
 * @throws SealpartError `manifest`, `manifest-corrupt`
 */
export async function withManifest<T>(
  flags: ManifestFlag,
  create: boolean,
  context: CliContext,
  run: (books: Books | undefined) => Promise<T>,
): Promise<T> {
  const path = manifestPath(flags.manifest, context.env);
  if (path === undefined) return run(undefined);
  if (!create && (await whatStandsAt(path)) === undefined) return run(undefined);
  // Loaded when they are needed: most commands need no database.
  const { openSqliteManifest } = await import('../manifest/sqlite/open-sqlite-manifest.ts');
  const { openHostKeys } = await import('../manifest/open-host-keys.ts');
  const manifest = await openSqliteManifest(path, { create, signal: context.signal }).catch(async (error: unknown) => {
    throw await readOnlyError(error, path);
  });
  try {
    return await run({ manifest, hostKeys: openHostKeys(hostKeysFolder(context.env)) });
  } finally {
    await manifest.close();
  }
}
