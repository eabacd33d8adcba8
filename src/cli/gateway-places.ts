import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import type { GatewayConfig } from '../gateway/config/gateway-config.ts';
import type { Environment } from './cli-context.ts';
import { stateFolder } from './manifest-flag.ts';

/** What a gateway without a store in its settings uses: folders of this user, and files of them. */
export interface OwnPlaces {
  /** The store's folder. */
  readonly store: string;
  /** Never inside of the store: who takes a copy of that must not have the key with it. */
  readonly keyFile: string;
  readonly accessKeys: string;
}

/** Where they are, as the XDG Base Directory Specification has it. */
export function ownPlaces(env: Environment): OwnPlaces {
  const config = folder(env, env.XDG_CONFIG_HOME, '.config');
  return {
    store: join(folder(env, env.XDG_DATA_HOME, '.local', 'share'), 'store'),
    keyFile: join(config, 'gateway.key'),
    accessKeys: join(config, 'access-keys.json'),
  };
}

/** The folder that the store of the settings is in; undefined for one that is in none. */
export function storeFolder({ store }: Pick<GatewayConfig, 'store'>, env: Environment): string | undefined {
  if (store === undefined) return ownPlaces(env).store;
  return store.kind === 'dir' ? resolve(store.path) : undefined;
}

/** The manifest of the settings, or this user's for gateways: records of another store's objects do no harm in it. */
export function gatewayManifestPath({ manifest }: Pick<GatewayConfig, 'manifest'>, env: Environment): string {
  return manifest === undefined ? join(stateFolder(env), 'gateway.db') : resolve(manifest);
}

/** A relative path is to be ignored, says the specification. */
function folder({ HOME: home }: Environment, given: string | undefined, ...usual: readonly string[]): string {
  const base = given !== undefined && isAbsolute(given) ? given : join(home || homedir(), ...usual);
  return join(base, 'sealpart');
}
