import { Command } from 'commander';
import { expect, it } from 'vitest';
import type { CliContext } from '../../src/cli/cli-context.ts';
import { gatewayCommand } from '../../src/cli/gateway.ts';
import { flagOf } from '../../src/gateway/config/setting-names.ts';
import { settingNames, settingWords } from '../../src/gateway/config/setting-words.ts';
import { loadedAtStart } from '../support/loaded-at-start.ts';

it('the help has every setting, and what it has for a default', () => {
  let help = '';
  const program = new Command('sealpart').configureOutput({
    writeOut: (text) => {
      help += text;
    },
    getOutHelpWidth: () => 120,
  });
  const command = gatewayCommand({} as CliContext).copyInheritedSettings(program);
  command.outputHelp();
  for (const name of settingNames) {
    const { opposite, fallback } = settingWords[name];
    expect(help).toMatch(
      new RegExp(`^  ${opposite === undefined ? flagOf(name) : flagOf(name).replace('--', '--no-')}\\b`, 'm'),
    );
    if (typeof fallback === 'string') expect(help.replaceAll(/\n +/g, ' ')).toContain(`(default: ${fallback})`);
  }
  for (const line of help.split('\n')) expect(line.length).toBeLessThanOrEqual(120);
});

it('the command is made without what only a gateway needs', async () => {
  const loaded = [...(await loadedAtStart(new URL('../../src/cli/gateway.ts', import.meta.url).pathname))];
  expect(loaded).toContain('commander');
  expect(loaded.filter((name) => /zod|pino|prom-client|aws-sdk|sqlite|gateway-run|keys\//.test(name))).toEqual([]);
});
