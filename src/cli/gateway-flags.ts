import { type Command, Option } from 'commander';
import { flagOf } from '../gateway/config/setting-names.ts';
import { type SettingWords, settingGroups, settingWords } from '../gateway/config/setting-words.ts';
import { collect } from './parse-values.ts';

/**
 * A flag for each setting. They are left as text: what is right is judged in one place, wherever a value comes from.
 */
export function addSettingFlags(command: Command): Command {
  for (const { title, names } of settingGroups) {
    command.optionsGroup(`${title}:`);
    for (const name of names) {
      for (const option of optionsOf(flagOf(name), settingWords[name])) command.addOption(option);
    }
  }
  return command;
}

function optionsOf(flag: string, words: SettingWords): Option[] {
  const { form, shape, about, opposite } = words;
  if (form === 'switch') {
    const on = new Option(flag, `${about}${defaultText(words)}`);
    const off = new Option(flag.replace('--', '--no-'), opposite ?? 'the opposite');
    return [on.hideHelp(opposite !== undefined), off.hideHelp(opposite === undefined)];
  }
  const option = new Option(`${flag} <${shape}>`, `${about}${defaultText(words)}`);
  return [form === 'list' || form === 'map' ? option.argParser(collect) : option];
}

function defaultText({ fallback, otherwise }: SettingWords): string {
  if (otherwise !== undefined) return ` (default: ${otherwise})`;
  return fallback === undefined || typeof fallback === 'object' ? '' : ` (default: ${fallback})`;
}
