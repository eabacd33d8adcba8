import type { SettingName } from './gateway-config.ts';
import { settingWords } from './setting-words.ts';

/** `--tls-cert` */
export function flagOf(name: SettingName): string {
  return `--${settingWords[name].flag ?? words(name).join('-')}`;
}

/** What commander calls the flag's value: `tlsCert`, `keyFile`. */
export function flagProperty(name: SettingName): string {
  return flagOf(name)
    .slice(2)
    .replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** `SEALPART_GATEWAY_TLS_CERT` */
export function variableOf(name: SettingName): string {
  return `${variablePrefix}${words(name).join('_').toUpperCase()}`;
}

export const variablePrefix = 'SEALPART_GATEWAY_';

function words(name: string): string[] {
  return name.split(/(?=[A-Z])/).map((word) => word.toLowerCase());
}
