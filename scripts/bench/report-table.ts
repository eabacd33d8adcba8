import { type BenchReport, type Figure, type Goal, verdictOf } from './bench.ts';

/** A report as a person reads it. */
export function reportTable({ bench, how, figures, notes }: BenchReport): string {
  const rows = [['figure', 'measured', 'goal', 'verdict'], ...figures.map(rowOf)];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column]!)).join('   ')}`.trimEnd());
  const rule = `  ${'-'.repeat(widths.reduce((sum, width) => sum + width + 3, -3))}`;
  return [bench, ...wrap(how), '', lines[0]!, rule, ...lines.slice(1), ...notes.flatMap((note) => wrap(note)), ''].join(
    '\n',
  );
}

function rowOf(figure: Figure): string[] {
  return [figure.name, valueText(figure), goalText(figure.goal), verdictOf(figure) ?? ''];
}

function valueText({ value, unit }: Figure): string {
  const digits = unit === 'MiB' ? 0 : unit === 'ns/B' ? 3 : 2;
  return `${value.toFixed(digits)}${unit === 'ratio' ? '' : ` ${unit}`}`;
}

function goalText(goal: Goal | undefined): string {
  if (goal === undefined) return '';
  const bounds = [
    goal.atLeast === undefined ? [] : [`>= ${numberText(goal.atLeast)}`],
    goal.atMost === undefined ? [] : [`<= ${numberText(goal.atMost)}`],
    goal.aim === undefined ? [] : [`aim ${numberText(goal.aim)}`],
  ];
  return bounds.flat().join(', ');
}

function numberText(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(2);
}

function wrap(text: string, width = 110): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1)!;
    if (line.length + word.length + 1 > width) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines.map((line) => `  ${line}`);
}
