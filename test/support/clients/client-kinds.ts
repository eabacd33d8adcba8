import { type ClientName, clientPath } from '../../../scripts/clients/client-place.ts';
import { openAwsCli } from './aws-cli.ts';
import { openBoto3 } from './boto3.ts';
import type { ClientEndpoint } from './client-endpoint.ts';
import { openMc } from './mc.ts';
import { openRclone } from './rclone.ts';
import { openS3cmd } from './s3cmd.ts';
import { openSdk } from './sdk.ts';
import { oddKeys, pathLikeKeys, type TestedClient } from './tested-client.ts';

/** A client that copies files, as the tests know it. */
export interface ClientKind {
  readonly name: string;
  /** False if this machine lacks it. */
  readonly isHere: boolean;
  /** @param folder where it may keep files of its own */
  readonly open: (endpoint: ClientEndpoint, folder: string) => Promise<TestedClient>;
  /** Keys that it can name, of those that are hard to. */
  readonly oddKeys: readonly string[];
}

type Open = (path: string, endpoint: ClientEndpoint, folder: string) => TestedClient | Promise<TestedClient>;

function installed(name: ClientName, open: Open, keys: readonly string[]): ClientKind {
  const path = clientPath(name);
  return {
    name,
    isHere: path !== undefined,
    open: async (endpoint, folder) => open(path!, endpoint, folder),
    oddKeys: keys,
  };
}

const all = [...oddKeys, ...pathLikeKeys];

export const clientKinds: readonly ClientKind[] = [
  { name: '@aws-sdk/client-s3', isHere: true, open: async (endpoint) => openSdk(endpoint), oddKeys: all },
  installed('boto3', openBoto3, all),
  installed('boto3-debian', openBoto3, all),
  // A process a request: a few keys are enough.
  installed('awscli', openAwsCli, [oddKeys[1], oddKeys[3], pathLikeKeys[0], pathLikeKeys[1]]),
  installed('awscli-debian', openAwsCli, [oddKeys[1], oddKeys[3], pathLikeKeys[1]]),
  // What looks like a path these three tidy up before they send it.
  installed('rclone', openRclone, oddKeys),
  installed('s3cmd', openS3cmd, oddKeys),
  installed('mc', openMc, oddKeys),
];
