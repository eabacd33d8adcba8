import { SealpartError } from '../../errors.ts';
import type { SettingName } from './gateway-config.ts';
import type { ReadConfig } from './read-gateway-config.ts';
import { flagOf } from './setting-names.ts';

/** What the settings are judged by, beside each other. */
export interface ConfigGround {
  /** True if SEALPART_ACCESS_KEY_ID and its secret are set. */
  readonly hasSoleAccessKey: boolean;
  /** The memory of this machine, or what this process may have of it. */
  readonly machineBytes: number;
}

const ofS3 = ['endpointUrl', 'profile', 'caBundle', 'pathStyle', 'equalParts'] as const;

/**
 * Refuses settings of which each is right, and which do not go together.
 *
 * @throws SealpartError `bad-parameters`, which names them, where they came from, and what to do
 */
export function checkConfig({ config, given }: ReadConfig, { hasSoleAccessKey, machineBytes }: ConfigGround): void {
  const faults: string[] = [];
  const from = (name: SettingName): string => given.get(name)?.from ?? flagOf(name);
  if ((config.tlsCert === undefined) !== (config.tlsKey === undefined)) {
    const [there, missing] =
      config.tlsCert === undefined ? (['tlsKey', 'tlsCert'] as const) : (['tlsCert', 'tlsKey'] as const);
    faults.push(`${from(there)} is given, and ${flagOf(missing)} is not: https needs both.`);
  }
  const stray = config.store?.kind === 's3' ? undefined : ofS3.find((name) => config[name] !== undefined);
  if (stray !== undefined)
    faults.push(`${from(stray)} is for ${flagOf('store')} s3: a store in a folder has no server.`);
  if (config.store !== undefined) {
    if (config.keyFiles.length === 0) {
      faults.push(
        `There is no key to encrypt with: make one by \`sealpart keygen -o FILE\` and give it as ${flagOf('keyFiles')} FILE.`,
      );
    }
    if (config.accessKeys === undefined && !hasSoleAccessKey) {
      const variables = 'SEALPART_ACCESS_KEY_ID and SEALPART_SECRET_ACCESS_KEY';
      faults.push(
        `There is no access key, so nobody could connect: give ${flagOf('accessKeys')} FILE, or set ${variables}.`,
      );
    }
  }
  if (config.memory > machineBytes) {
    const has = `this process can have ${Math.floor(machineBytes / 2 ** 20)} MiB`;
    faults.push(`${from('memory')} is ${Math.ceil(config.memory / 2 ** 20)} MiB: ${has}, expected less than that.`);
  }
  const { minPart = 0, maxPart = Number.POSITIVE_INFINITY } = config;
  if (minPart > maxPart) faults.push(`${from('minPart')} is more than ${from('maxPart')}: expected less.`);
  const { listen, adminListen } = config;
  if (
    adminListen !== 'none' &&
    listen.port !== 0 &&
    listen.port === adminListen.port &&
    listen.host === adminListen.host
  ) {
    faults.push(`${from('adminListen')} is the address that clients connect to: expected another one.`);
  }
  if (faults.length > 0) throw new SealpartError('bad-parameters', faults.join(' '));
}
