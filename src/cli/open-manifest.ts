import type { HostKeys } from '../manifest/host-keys.ts';
import type { UploadManifest } from '../manifest/upload-manifest.ts';
import type { CliContext } from './cli-context.ts';
import { hostKeysFolder, type ManifestFlag, manifestPath } from './manifest-flag.ts';
import { whatStandsAt } from './tree-folder.ts';

/** Where uploads are written down, and where this host keeps its keys of them. */
export interface Books {
  readonly manifest: UploadManifest;
  readonly hostKeys: HostKeys;
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
  const manifest = await openSqliteManifest(path, { create, signal: context.signal });
  try {
    return await run({ manifest, hostKeys: openHostKeys(hostKeysFolder(context.env)) });
  } finally {
    await manifest.close();
  }
}
