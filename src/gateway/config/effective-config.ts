import type { ReadConfig } from './read-gateway-config.ts';
import { settingNames, settingWords } from './setting-words.ts';

/** All that counts, as a file would have it. Secrets stand in files of their own, of which only the names are here. */
export function effectiveConfig({ given }: ReadConfig): Readonly<Record<string, unknown>> {
  const entries = settingNames.map((name) => [name, given.get(name)?.value ?? settingWords[name].fallback] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}
