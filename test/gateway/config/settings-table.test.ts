import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { parseAccessKeys } from '../../../src/gateway/access/parse-access-keys.ts';
import { settingsTables } from './settings-table.ts';

const document = await readFile(new URL('../../../docs/gateway.md', import.meta.url), 'utf8');

it('docs/gateway.md has the tables of settings as they are', () => {
  expect(document).toContain(`\n${settingsTables()}\n`);
});

it('docs/gateway.md has access keys that would be taken', () => {
  const [, block] = /<!-- This block is read by the tests. -->\n```json\n([\s\S]*?)```/.exec(document)!;
  const { keys, anonymous } = parseAccessKeys(block!, 'docs/gateway.md');
  expect([keys.map(({ id }) => id), anonymous.length]).toEqual([['backup-2026', 'operator'], 1]);
});
