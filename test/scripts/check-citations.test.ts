import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { checkCitations, type TextFile } from '../../scripts/check-citations.ts';

// Escaped, since this file is below test/ and its made-up citations are not ones of the real specification.
const s = '\u00a7';

const specification = `# A format

A rule is a list item with \`MUST\` in it.

## 1 Header

- **${s}1.1** The magic MUST be there.
- **${s}1.2** It is
  long, and every line of it
  1. belongs to it, and MUST NOT be lost,
  2. see ${s}1.1.

\`\`\`
MUST in a block of code is quoted
\`\`\`

## 2 Frames

Prose.

**${s}2.1** A frame MUST fit.
`;

const source: TextFile = { path: 'src/a.ts', text: `// ${s}1.1, ${s}1.2\n/** docs/format.md ${s}2.1 */\n` };
const test: TextFile = { path: 'test/a.test.ts', text: `it('${s}1.1 begins', …); // ${s}1.2 and ${s}2.1\n` };

function faultsOf(text: string, files: readonly TextFile[] = [source, test]): readonly string[] {
  return checkCitations({ path: 'docs/format.md', text }, files).faults;
}

describe('checkCitations', () => {
  it('finds nothing wrong where every rule is cited on both sides', () => {
    expect(faultsOf(specification)).toEqual([]);
  });

  it('counts rules and citations by section', () => {
    const { table } = checkCitations({ path: 'docs/format.md', text: specification }, [source]);
    expect(table.split('\n').map((line) => line.trim().split(/ {2,}/))).toEqual([
      ['section', 'rules', 'cited in src', 'cited in test'],
      ['1', '2', '2', '0'],
      ['2', '1', '1', '0'],
      ['all', '3', '3', '0'],
    ]);
  });

  it('names a rule that src or test does not cite, and where it stands', () => {
    expect(faultsOf(specification, [{ ...source, text: `// ${s}1.1 ${s}2.1` }, test])).toEqual([
      `docs/format.md:8: ${s}1.2 is not cited in src.`,
    ]);
    expect(faultsOf(specification, [source, { ...test, text: `// ${s}1.1 ${s}1.2` }])).toEqual([
      `docs/format.md:21: ${s}2.1 is not cited in test.`,
    ]);
  });

  it('does not take the specification itself, or other folders, for a citation', () => {
    expect(faultsOf(specification, [{ ...source, path: 'scripts/a.ts' }])).toHaveLength(6);
  });

  it('names a citation of a rule that is not there, also inside the specification', () => {
    const wrong = { path: 'src/b.ts', text: `\n// ${s}1.3 and ${s}1.2.1` };
    expect(faultsOf(`${specification}\nSee ${s}9.9.\n`, [source, test, wrong])).toEqual([
      `docs/format.md:23: ${s}9.9 is not a rule of docs/format.md.`,
      `src/b.ts:2: ${s}1.3 is not a rule of docs/format.md.`,
      `src/b.ts:2: ${s}1.2.1 is not a rule of docs/format.md.`,
    ]);
  });

  it.each([
    ['a section', `// docs/format.md ${s}7`],
    ['a section of an RFC', `// RFC 8878 ${s}3.1.1`],
    ['a section of an RFC across lines', `/**\n * as RFC 5869\n * ${s}2.2 has it\n */`],
  ])('takes %s for no citation of a rule', (_what, text) => {
    expect(faultsOf(specification, [source, test, { path: 'src/b.ts', text }])).toEqual([]);
  });

  it('takes a citation behind other words than an RFC for one', () => {
    const text = `// RFC 8878 says so, and ${s}7.7 too`;
    expect(faultsOf(specification, [source, test, { path: 'src/b.ts', text }])).toHaveLength(1);
  });

  it('wants a MUST in every rule, and takes a quoted one for none', () => {
    expect(faultsOf(specification.replace('A frame MUST fit', 'A frame `MUST` fit'))).toEqual([
      `docs/format.md:21: ${s}2.1 has no MUST.`,
    ]);
  });

  it.each([
    ['prose', 'Prose.', 'It MUST be.'],
    ['another list item', 'Prose.', '- It MUST be.'],
    ['a table', 'Prose.', '| It | MUST be |'],
    ['a paragraph behind a rule', '  2. see', '\nIt MUST be, see'],
    ['an item behind a rule', '  2. see', '- It MUST be, see'],
  ])('wants no MUST in %s', (_where, from, to) => {
    expect(faultsOf(specification.replace(from, to))).toEqual([
      expect.stringMatching(/^docs\/format\.md:\d+: MUST stands outside of a rule\.$/),
    ]);
  });

  it.each([
    ['a gap', `**${s}1.2**`, `**${s}1.3**`, `docs/format.md:8: ${s}1.3 stands where ${s}1.2 belongs.`],
    ['a repetition', `**${s}1.2**`, `**${s}1.1**`, `docs/format.md:8: ${s}1.1 stands where ${s}1.2 belongs.`],
    ['a first that is not 1', `**${s}2.1**`, `**${s}2.2**`, `docs/format.md:21: ${s}2.2 stands where ${s}2.1 belongs.`],
    ['another section', '## 2 Frames', '## 3 Frames', `docs/format.md:21: ${s}2.1 stands in section 3.`],
    ['no section', '## 2 Frames', '## Frames', `docs/format.md:21: ${s}2.1 stands in a section without a number.`],
  ])('wants ids that count on: %s', (_what, from, to, fault) => {
    expect(faultsOf(specification.replace(from, to))).toContain(fault);
  });

  it('reads lines that end as on Windows', () => {
    expect(faultsOf(specification.replaceAll('\n', '\r\n'))).toEqual([]);
  });
});

describe('the script', () => {
  const root = mkdtempSync(join(tmpdir(), 'check-citations-'));
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  function run(files: Record<string, string>): { status: number | null; stdout: string; stderr: string } {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    const script = fileURLToPath(new URL('../../scripts/check-citations.ts', import.meta.url));
    mkdirSync(join(root, 'scripts'), { recursive: true });
    cpSync(script, join(root, 'scripts/check-citations.ts'));
    writeFileSync(join(root, 'package.json'), '{ "type": "module" }');
    return spawnSync(process.execPath, [join(root, 'scripts/check-citations.ts')], { encoding: 'utf8' });
  }

  it('prints the table and ends with 0, or with 1 and a line for each fault', () => {
    const good = run({
      'docs/format.md': specification,
      'src/deep/a.ts': source.text,
      'src/notes.md': `${s}7.7`,
      'test/a.test.ts': test.text,
    });
    expect(good).toMatchObject({ status: 0, stderr: '' });
    expect(good.stdout).toContain('cited in src');

    const bad = run({ 'src/deep/a.ts': `// ${s}1.1 ${s}1.2` });
    expect(bad.status).toBe(1);
    expect(bad.stderr).toContain(`docs/format.md:21: ${s}2.1 is not cited in src.\n`);
  });
});
