import type { FaultNote } from '../../test/support/fault-log.ts';

/** Reads what the tests noted: a JSON document a line. Notes of the same fault and outcome become one, counted together. */
export function readNotes(text: string): FaultNote[] {
  const notes = new Map<string, FaultNote>();
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const note = JSON.parse(line) as FaultNote;
    const key = JSON.stringify([note.id, note.injected, note.outcome]);
    const before = notes.get(key);
    notes.set(key, before === undefined ? note : { ...before, reached: before.reached + note.reached });
  }
  return [...notes.values()];
}
