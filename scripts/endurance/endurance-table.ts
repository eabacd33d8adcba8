import type { TestOutcome } from '../faults/run-tests.ts';

/** What became of each: how long it took, how many tests there were, and what they noted. */
export function enduranceTable(outcomes: readonly { readonly name: string; readonly outcome: TestOutcome }[]): string {
  return outcomes.flatMap(({ name, outcome }) => [headOf(name, outcome), ...notesOf(outcome)]).join('\n');
}

function headOf(name: string, { passed, skipped, failed, seconds }: TestOutcome): string {
  const minutes = `${(seconds / 60).toFixed(1)} min`;
  const counts = `${passed} passed, ${failed.length} failed, ${skipped} skipped`;
  return `${name.padEnd(14)} ${minutes.padStart(9)}  ${counts}`;
}

function notesOf({ notes }: TestOutcome): string[] {
  return notes.map(({ id, injected, reached, outcome }) => `  ${id}  ${injected}: ${reached}; ${outcome}`);
}
