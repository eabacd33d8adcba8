import type { FaultNote } from '../../test/support/fault-log.ts';
import type { Fault } from './catalogue.ts';

/** What became of each fault that was to be caused. */
export interface FaultReport {
  readonly rows: readonly (readonly [id: string, injected: string, reached: string, outcome: string])[];
  /** Faults that no test has noted. */
  readonly missing: readonly Fault[];
  /** How often faults were met in all. */
  readonly reached: number;
}

/** @param failed names of tests that failed; the ids in them say of what */
export function reportFaults(
  faults: readonly Fault[],
  notes: readonly FaultNote[],
  failed: readonly string[],
): FaultReport {
  const rows: [string, string, string, string][] = [];
  const missing: Fault[] = [];
  let reached = 0;
  for (const fault of faults) {
    const { id } = fault;
    const own = notes.filter((note) => note.id === id);
    for (const note of own) {
      rows.push([id, note.injected, String(note.reached), note.outcome]);
      reached += note.reached;
    }
    const failures = failed.filter((name) => new RegExp(`\\b${id}\\b`).test(name));
    for (const name of failures) rows.push([id, name, '', 'FAILED']);
    if (own.length > 0) continue;
    missing.push(fault);
    rows.push([id, fault.fault, '0', 'NOT CAUSED']);
  }
  return { rows, missing, reached };
}

/** The lines of a table, columns aligned, with a head. */
export function faultTable(rows: FaultReport['rows']): string {
  const all = [['id', 'injected', 'reached', 'outcome'], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...all.map((cells) => cells[column]!.length)));
  return all
    .map((cells) =>
      cells
        .map((cell, column) => (column === 2 ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
