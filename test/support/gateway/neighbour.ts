import { createSecretKey } from 'node:crypto';
import { join } from 'node:path';
import type { GatewayOptions } from '../../../src/gateway/gateway.ts';
import { keyFileIdentity, keyFileRecipient } from '../../../src/keys/key-file.ts';
import { openSqliteManifest } from '../../../src/manifest/sqlite/open-sqlite-manifest.ts';
import { openWatchedGateway, type WatchedGateway, type WatchedGatewayOptions } from './watched-gateway.ts';

/**
 * A gateway beside another one, or in its place: over the same store, with the same keys and the same file of records,
 * and nothing of what that one remembers.
 */
export async function openNeighbour(
  of: Pick<WatchedGateway, 'store' | 'folder' | 'key'>,
  { options, ...others }: WatchedGatewayOptions = {},
): Promise<WatchedGateway> {
  const manifest = await openSqliteManifest(join(of.folder, 'manifest.db'));
  const key = createSecretKey(of.key);
  const shared: Partial<GatewayOptions> = {
    ...(others.behind === undefined && { store: of.store }),
    manifest,
    recipients: [keyFileRecipient(key)],
    access: { identities: [keyFileIdentity(key)] },
  };
  const gateway = await openWatchedGateway({ ...others, options: { ...shared, ...options } });
  return {
    ...gateway,
    key: of.key,
    folder: of.folder,
    manifest,
    ...(others.behind === undefined && { store: of.store }),
    stop: async () => {
      await gateway.stop();
      await manifest.close();
    },
  };
}
