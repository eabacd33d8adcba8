import { flagOf, variableOf } from '../../../src/gateway/config/setting-names.ts';
import { type SettingWords, settingGroups, settingWords } from '../../../src/gateway/config/setting-words.ts';

/** The tables of settings in docs/gateway.md. */
export function settingsTables(): string {
  return settingGroups
    .map(({ title, names }) => {
      const rows = names.map((name) => {
        const words = settingWords[name];
        const flag = words.form === 'switch' ? flagOf(name) : `${flagOf(name)} ${words.shape.toUpperCase()}`;
        const about = words.about.replaceAll('<', '&lt;');
        return `| \`${name}\` | \`${flag}\` | \`${variableOf(name)}\` | ${about} | ${defaultCell(words)} |`;
      });
      return [
        `### ${title}`,
        '',
        '| in a file | flag | variable | what it sets | default |',
        '|---|---|---|---|---|',
        ...rows,
      ].join('\n');
    })
    .join('\n\n');
}

function defaultCell({ fallback, otherwise }: SettingWords): string {
  if (otherwise !== undefined) return otherwise;
  return fallback === undefined || typeof fallback === 'object' ? '' : `\`${fallback}\``;
}
