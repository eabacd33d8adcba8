import { totalmem } from 'node:os';
import { SealpartError } from '../errors.ts';
import { checkConfig } from '../gateway/config/check-config.ts';
import { configJsonSchema } from '../gateway/config/config-schema.ts';
import { effectiveConfig } from '../gateway/config/effective-config.ts';
import { parseJson } from '../gateway/config/parse-json.ts';
import {
  type ConfigFile,
  configVariable,
  type ReadConfig,
  readGatewayConfig,
} from '../gateway/config/read-gateway-config.ts';
import type { CliContext } from './cli-context.ts';
import type { GatewayFlags } from './gateway.ts';
import { hasSoleAccessKey } from './gateway-access.ts';
import { readSmallFile } from './gateway-small-file.ts';
import { jsonText } from './one-line.ts';
import { withText } from './text-sink.ts';

/**
 * What flags, environment and file say together.
 *
 * @throws SealpartError `bad-parameters`
 */
export async function readSettings(flags: GatewayFlags, { env }: CliContext): Promise<ReadConfig> {
  const file = await readConfigFile(flags, env[configVariable]);
  return readGatewayConfig({ flags: flags as Readonly<Record<string, unknown>>, env, file });
}

async function readConfigFile(flags: GatewayFlags, variable: string | undefined): Promise<ConfigFile | undefined> {
  const path = flags.config ?? variable;
  if (path === undefined) return undefined;
  const from = flags.config === undefined ? configVariable : '--config';
  if (path === '') throw new SealpartError('bad-parameters', `${from} is empty: expected the path of a file.`);
  return { name: path, value: parseJson((await readSmallFile(path, from)).toString('utf8'), path) };
}

/** @throws SealpartError `bad-parameters` if settings do not go together */
export function checkSettings(read: ReadConfig, { env }: CliContext): void {
  // Without a limit of its own, some systems say 0, others more than there is.
  const constrained = process.constrainedMemory() || Number.POSITIVE_INFINITY;
  checkConfig(read, {
    hasSoleAccessKey: hasSoleAccessKey(env),
    machineBytes: Math.min(constrained, totalmem()),
  });
}

export function printSchema(context: CliContext): Promise<void> {
  return print(configJsonSchema(), context);
}

export function printConfig(read: ReadConfig, context: CliContext): Promise<void> {
  return print(effectiveConfig(read), context);
}

function print(value: unknown, { streams, signal }: CliContext): Promise<void> {
  return withText(streams.openStandardOutput(), signal, (text) => text.line(jsonText(value)));
}
