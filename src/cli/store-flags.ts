import { type Command, Option } from 'commander';
import type { StoreLimits } from '../objects/object-store.ts';
import { parseSize } from './parse-size.ts';
import type { StoreLocation } from './parse-store-url.ts';
import { flagValue, parseCount } from './parse-values.ts';
import { UsageError } from './usage-error.ts';

/** Flags of commands that take a URL: which server `s3://` is. Everything else is found as every AWS tool finds it. */
export interface StoreFlags {
  readonly endpointUrl?: string;
  readonly region?: string;
  readonly profile?: string;
  readonly caBundle?: string;
  readonly pathStyle?: boolean;
}

/** Flags of commands that write: what the store demands of parts, where it is not what AWS demands. */
export interface LimitFlags {
  readonly minPart?: number;
  readonly maxPart?: number;
  readonly maxParts?: number;
  readonly equalParts?: boolean;
}

export function addStoreFlags(command: Command): Command {
  return command
    .optionsGroup('Store (for s3:// URLs; credentials and what is left out as every AWS tool finds them):')
    .option('--endpoint-url <url>', 'the server, if it is not AWS: https://s3.example.org')
    .option('--region <name>', 'the region')
    .option('--profile <name>', 'the profile in the AWS configuration')
    .option('--ca-bundle <file>', 'certificates to trust, in place of those that Node knows (or set AWS_CA_BUNDLE)')
    .option('--path-style', 'ask for SERVER/bucket/key (default: where an endpoint is given)')
    .option('--no-path-style', 'ask for bucket.SERVER/key');
}

export function addLimitFlags(command: Command): Command {
  const size = (flag: string, text: string): Option => new Option(flag, text).argParser(flagValue(parseSize));
  return command
    .optionsGroup('What the store demands of parts (default: what AWS does):')
    .addOption(size('--min-part <size>', 'the least that a part other than the last may have (default: 5MiB)'))
    .addOption(size('--max-part <size>', 'the most that a part may have (default: 5GiB)'))
    .addOption(
      new Option('--max-parts <n>', 'the most parts of an object (default: 10000)').argParser(flagValue(parseCount)),
    )
    .option('--equal-parts', 'all parts but the last must have one size (Cloudflare R2)');
}

export type WrittenLimits = Partial<
  Pick<StoreLimits, 'minPartBytes' | 'maxPartBytes' | 'maxParts'> & { readonly equalParts: true }
>;

/** As stores take them: only what was said. */
export function limitsOf({ minPart, maxPart, maxParts, equalParts }: LimitFlags): WrittenLimits {
  return {
    ...(minPart === undefined ? {} : { minPartBytes: minPart }),
    ...(maxPart === undefined ? {} : { maxPartBytes: maxPart }),
    ...(maxParts === undefined ? {} : { maxParts }),
    ...(equalParts === true ? { equalParts } : {}),
  };
}

/** A flag that would do nothing was meant for something else. @throws UsageError */
export function refuseStrayStoreFlags({ kind }: StoreLocation, flags: StoreFlags): void {
  if (kind === 's3') return;
  const { endpointUrl, region, profile, caBundle, pathStyle } = flags;
  const given = { '--endpoint-url': endpointUrl, '--region': region, '--profile': profile, '--ca-bundle': caBundle };
  const stray = Object.entries(given).find(([, value]) => value !== undefined)?.[0];
  const flag = stray ?? (pathStyle === undefined ? undefined : pathStyle ? '--path-style' : '--no-path-style');
  if (flag !== undefined) throw new UsageError(`${flag} is for s3://bucket/key: a store in a folder has no server.`);
}
