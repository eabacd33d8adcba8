import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

// Holds docs/format.md, src and test together: every rule of the specification is cited where it is implemented and in
// a test, and nothing cites a rule that is not there.

/** A file by its path from the project's root, with forward slashes. */
export interface TextFile {
  readonly path: string;
  readonly text: string;
}

export interface CitationReport {
  /** A table for people: section, rules, cited in src, cited in test. */
  readonly table: string;
  /** One line for each thing that is wrong; empty if all is well. */
  readonly faults: readonly string[];
}

interface Rule {
  readonly id: string;
  readonly section: number;
  readonly number: number;
  readonly line: number;
  readonly hasMust: boolean;
}

interface Specification {
  readonly rules: readonly Rule[];
  readonly faults: readonly string[];
}

interface Citation {
  readonly id: string;
  readonly line: number;
}

const ruleStart = /^(?:[-*] )?\*\*§(\d+)\.(\d+)\*\*/;
const sectionHeading = /^## (?:(\d+) )?/;
/** What ends a rule's text at the left margin; indented lines belong to it, lists inside of it too. */
const blockStart = /^(?:[-*] |#|\||\d+\. |$)/;
const must = /\bMUST\b/;
// The sections of RFCs are others' numbers, also where a comment breaks its line between the RFC and the section.
const citation = /(?<!RFC \d{1,5}[\s*/]{1,16})§(\d+(?:\.\d+)+)/g;

/**
 * Compares the rules of a specification with the citations in source and test files.
 *
 * A citation is `§N.M` anywhere in a file's text; a whole section (`§N`) is not a rule, and `RFC 8878 §3.1` is not ours.
 *
 * @param specification its rules are lines that begin with a bold id, `- **§3.2** …`, and contain MUST.
 * @param files those below src/ and test/ count, and citations in any of them have to exist.
 */
export function checkCitations(specification: TextFile, files: readonly TextFile[]): CitationReport {
  const { rules, faults } = readSpecification(specification);
  const known = new Set(rules.map(({ id }) => id));
  const inSrc = new Set<string>();
  const inTest = new Set<string>();
  const unknown: string[] = [];
  for (const file of [specification, ...files]) {
    for (const { id, line } of citationsIn(file.text)) {
      if (!known.has(id)) unknown.push(`${file.path}:${line}: §${id} is not a rule of ${specification.path}.`);
      if (file.path.startsWith('src/')) inSrc.add(id);
      if (file.path.startsWith('test/')) inTest.add(id);
    }
  }
  const uncited = rules.flatMap(({ id, line }) => [
    ...(inSrc.has(id) ? [] : [`${specification.path}:${line}: §${id} is not cited in src.`]),
    ...(inTest.has(id) ? [] : [`${specification.path}:${line}: §${id} is not cited in test.`]),
  ]);
  return { table: tableOf(rules, inSrc, inTest), faults: [...faults, ...unknown, ...uncited] };
}

function readSpecification({ path, text }: TextFile): Specification {
  const rules: Rule[] = [];
  const faults: string[] = [];
  let section: number | undefined;
  let open: Rule | undefined;
  const close = (): void => {
    if (open === undefined) return;
    if (!open.hasMust) faults.push(`${path}:${open.line}: §${open.id} has no MUST.`);
    rules.push(open);
    open = undefined;
  };
  for (const [i, written] of withoutCode(text).entries()) {
    const line = i + 1;
    const heading = sectionHeading.exec(written);
    if (heading !== null) section = heading[1] === undefined ? undefined : Number(heading[1]);
    const start = ruleStart.exec(written);
    if (start !== null || blockStart.test(written)) close();
    if (start !== null) {
      open = ruleAt(start, line);
      const fault = placeFault(open, section, rules.at(-1));
      if (fault !== undefined) faults.push(`${path}:${line}: ${fault}`);
    }
    if (!must.test(written)) continue;
    if (open === undefined) faults.push(`${path}:${line}: MUST stands outside of a rule.`);
    else open = { ...open, hasMust: true };
  }
  close();
  return { rules, faults };
}

function ruleAt(start: RegExpExecArray, line: number): Rule {
  const section = Number(start[1]);
  const number = Number(start[2]);
  return { id: `${section}.${number}`, section, number, line, hasMust: false };
}

/** What is wrong with where a rule stands: ids count from 1 in each section, without gaps and in order. */
function placeFault(rule: Rule, section: number | undefined, before: Rule | undefined): string | undefined {
  if (rule.section !== section) {
    return `§${rule.id} stands in ${section === undefined ? 'a section without a number' : `section ${section}`}.`;
  }
  const expected = before?.section === rule.section ? before.number + 1 : 1;
  return rule.number === expected ? undefined : `§${rule.id} stands where §${rule.section}.${expected} belongs.`;
}

/** The text's lines, with code blocks and code spans taken out: what they quote is not said. */
function withoutCode(text: string): string[] {
  let fenced = false;
  return text.split(/\r?\n/).map((line) => {
    const fence = /^\s*```/.test(line);
    if (fence) fenced = !fenced;
    return fence || fenced ? '' : line.replaceAll(/`[^`]*`/g, '``');
  });
}

function citationsIn(text: string): Citation[] {
  return Array.from(text.matchAll(citation), (match) => ({
    id: match[1]!,
    line: text.slice(0, match.index).split('\n').length,
  }));
}

function tableOf(rules: readonly Rule[], inSrc: ReadonlySet<string>, inTest: ReadonlySet<string>): string {
  const row = (name: string, of: readonly Rule[]): string[] => [
    name,
    String(of.length),
    String(of.filter(({ id }) => inSrc.has(id)).length),
    String(of.filter(({ id }) => inTest.has(id)).length),
  ];
  const sections = [...new Set(rules.map(({ section }) => section))];
  const rows = [
    ['section', 'rules', 'cited in src', 'cited in test'],
    ...sections.map((section) =>
      row(
        String(section),
        rules.filter((rule) => rule.section === section),
      ),
    ),
    row('all', rules),
  ];
  return rows.map((cells) => cells.map((cell, i) => cell.padStart(rows[0]![i]!.length)).join('  ')).join('\n');
}

function filesBelow(root: string, folder: string): TextFile[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .sort()
    .map((path) => readTextFile(root, `${folder}/${path.split(sep).join('/')}`));
}

function readTextFile(root: string, path: string): TextFile {
  return { path, text: readFileSync(join(root, path), 'utf8') };
}

function main(): void {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const files = [...filesBelow(root, 'src'), ...filesBelow(root, 'test')];
  const { table, faults } = checkCitations(readTextFile(root, 'docs/format.md'), files);
  console.log(table);
  for (const fault of faults) console.error(fault);
  if (faults.length > 0) {
    console.error(`${faults.length} faults between specification, source and tests.`);
    process.exitCode = 1;
  }
}

if (import.meta.main) main();
