import { SealpartError } from '../errors.ts';
import type { AccessKey } from '../gateway/access/access-key.ts';
import type { AccessRule } from '../gateway/access/access-rule.ts';
import type { AccessDocument } from '../gateway/access/parse-access-keys.ts';
import { soleAccessKey } from '../gateway/access/parse-access-keys.ts';
import { readAccessFile } from '../gateway/access/read-access-file.ts';
import type { Environment } from './cli-context.ts';

const names = { id: 'SEALPART_ACCESS_KEY_ID', secret: 'SEALPART_SECRET_ACCESS_KEY' } as const;

/** Where access keys are read from, at the start and again on SIGHUP. */
export interface AccessSource {
  readonly file: string | undefined;
  /** The one of the environment. */
  readonly sole: AccessKey | undefined;
}

export interface ReadAccess {
  readonly document: AccessDocument;
  readonly warnings: readonly string[];
}

export function hasSoleAccessKey(env: Environment): boolean {
  return env[names.id] !== undefined || env[names.secret] !== undefined;
}

/** The access key of the environment, if there is one. @throws SealpartError `bad-key` */
export function soleKeyOf(env: Environment): AccessKey | undefined {
  const { [names.id]: id, [names.secret]: secret } = env;
  if (id === undefined && secret === undefined) return undefined;
  if (id === undefined || secret === undefined) {
    const [there, missing] = id === undefined ? [names.secret, names.id] : [names.id, names.secret];
    throw new SealpartError('bad-key', `${there} is set, and ${missing} is not: an access key needs both.`);
  }
  return soleAccessKey(id, secret, names);
}

/** @throws SealpartError `bad-key`, `bad-parameters` */
export async function readAccess({ file, sole }: AccessSource): Promise<ReadAccess> {
  const keys = sole === undefined ? [] : [sole];
  if (file === undefined) return { document: { keys, anonymous: [] }, warnings: [] };
  const { document, readableByOthers } = await readAccessFile(file);
  const warnings: string[] = [];
  if (readableByOthers) warnings.push(`others may read the secrets in ${file}: chmod 600 it`);
  if (document.keys.length === 0) warnings.push(`there is no access key in ${file}`);
  return { document: { ...document, keys: [...keys, ...document.keys] }, warnings };
}

/** `2 access keys, no anonymous access` */
export function accessText(keys: { readonly size: number; readonly anonymous: readonly AccessRule[] }): string {
  const count = `${keys.size} access key${keys.size === 1 ? '' : 's'}`;
  if (keys.anonymous.length === 0) return `${count}, no anonymous access`;
  const rules = keys.anonymous.map(({ access, buckets, prefixes }) => {
    const places = prefixes.length === 0 ? buckets : buckets.flatMap((b) => prefixes.map((prefix) => `${b}/${prefix}`));
    return `${access} of ${places.join(', ')}`;
  });
  return `${count}, and without one: ${rules.join('; ')}`;
}
