import { SealpartError } from '../../errors.ts';
import type { GatewayConfig, SettingName } from './gateway-config.ts';
import { flagOf, flagProperty, variableOf, variablePrefix } from './setting-names.ts';
import { settingSchemas } from './setting-schemas.ts';
import { type SettingForm, type SettingWords, settingNames, settingWords } from './setting-words.ts';

/** Text by the names of variables. */
export type Variables = Readonly<Record<string, string | undefined>>;

export interface ConfigSources {
  /** Flags as they were given: text, lists of it, or true and false, by what commander calls them. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly env: Variables;
  readonly file?: ConfigFile | undefined;
}

/** What stands in a configuration file, of which nothing was checked. */
export interface ConfigFile {
  readonly name: string;
  readonly value: unknown;
}

/** A value as it was given, and where: `--listen`, `SEALPART_GATEWAY_LISTEN`, `listen in gateway.json`. */
export interface GivenSetting {
  readonly value: unknown;
  readonly from: string;
}

export interface ReadConfig {
  readonly config: GatewayConfig;
  /** What was set anywhere; defaults are not there. */
  readonly given: ReadonlyMap<SettingName, GivenSetting>;
}

/** A variable that names the file itself. */
export const configVariable: string = `${variablePrefix}CONFIG`;

/**
 * What counts of flags, environment, file and defaults, in this order. What is set must be right also where something
 * else counts.
 *
 * @throws SealpartError `bad-parameters`, which names each setting, where its value came from and what was expected
 */
export function readGatewayConfig({ flags, env, file }: ConfigSources): ReadConfig {
  const faults: string[] = [...unknownVariables(env), ...unknownInFile(file)];
  const given = new Map<SettingName, GivenSetting>();
  const config: Record<string, unknown> = {};
  for (const name of settingNames) {
    const words = settingWords[name];
    const fallback = words.fallback === undefined ? [] : [{ value: words.fallback, from: 'the default' }];
    const all = [...givenTo(name, { flags, env, file }), ...fallback];
    for (const [i, one] of all.entries()) {
      const parsed = settingSchemas[name].safeParse(one.value);
      if (!parsed.success) faults.push(faultText(one, words));
      else if (i === 0) config[name] = parsed.data;
    }
    const [first] = all;
    if (first !== undefined && first.from !== 'the default') given.set(name, first);
    if (!(name in config)) config[name] = undefined;
  }
  if (faults.length > 0) throw new SealpartError('bad-parameters', faults.join(' '));
  return { config: config as unknown as GatewayConfig, given };
}

/** Where a setting was set, what counts first. */
function givenTo(name: SettingName, { flags, env, file }: ConfigSources): GivenSetting[] {
  const { form } = settingWords[name];
  const found: GivenSetting[] = [];
  const flag = flags[flagProperty(name)];
  if (flag !== undefined)
    found.push({ value: typeof flag === 'boolean' ? flag : fromText(flag as string, form), from: flagOf(name) });
  const variable = env[variableOf(name)];
  if (variable !== undefined) found.push({ value: fromText(variable, form), from: variableOf(name) });
  if (file !== undefined && isRecord(file.value) && Object.hasOwn(file.value, name)) {
    found.push({ value: file.value[name], from: `${name} in ${file.name}` });
  }
  return found;
}

/** Text as a file would have it. What is no number or no switch is left as it is, and refused as such. */
function fromText(text: string | readonly string[], form: SettingForm): unknown {
  if (form === 'list') return typeof text === 'string' ? pieces(text) : text;
  if (form === 'map') return mapValue(typeof text === 'string' ? pieces(text) : text);
  if (form === 'count') return /^\d+$/.test(String(text)) ? Number(text) : text;
  if (form === 'switch') return text === 'true' ? true : text === 'false' ? false : text;
  return text;
}

function pieces(text: string): readonly string[] {
  return text.split(',').filter((piece) => piece !== '');
}

function mapValue(entries: readonly string[]): unknown {
  const pairs = entries.map((entry) => entry.split('='));
  const isMap = pairs.every(({ length }) => length === 2) && new Set(pairs.map(([name]) => name)).size === pairs.length;
  return isMap ? Object.fromEntries(pairs) : entries.join(',');
}

const mostShownChars = 80;

/** An address may have a password in it, so what looks like one is not shown. */
function faultText({ value, from }: GivenSetting, { expected }: SettingWords): string {
  const text = JSON.stringify(value) ?? 'nothing';
  const shown = text.includes('@') || text.length > mostShownChars ? 'not right' : text;
  return `${from} is ${shown}: expected ${expected}.`;
}

/** What Kubernetes sets by itself for a service that is called sealpart-gateway. */
const serviceLink =
  /^SEALPART_GATEWAY_(SERVICE_HOST|SERVICE_PORT(_.+)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$/;

function unknownVariables(env: Variables): string[] {
  const known = new Set([...settingNames.map(variableOf), configVariable]);
  return Object.keys(env)
    .filter((name) => name.startsWith(variablePrefix) && !known.has(name) && !serviceLink.test(name))
    .sort()
    .map((name) => `${name} is no setting.`);
}

function unknownInFile(file: ConfigFile | undefined): string[] {
  if (file === undefined) return [];
  if (!isRecord(file.value)) return [`${file.name} is no configuration: expected a JSON object.`];
  return Object.keys(file.value)
    .filter((name) => !Object.hasOwn(settingWords, name) && name !== '$schema')
    .map((name) => `${name} in ${file.name} is no setting.`);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
