import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Every module that is loaded with a file, before anything is asked of it: paths, and names of packages. */
export async function loadedAtStart(entry: string): Promise<Set<string>> {
  const seen = new Set<string>();
  const waiting = [entry];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    const text = await readFile(file, 'utf8');
    for (const [, clause, target] of text.matchAll(/^(?:import|export)\s([^;'"]*?from\s+)?'([^']+)'/gms)) {
      const name = target!.startsWith('.') ? join(dirname(file), target!) : target!;
      if (clause?.startsWith('type ') === true || seen.has(name)) continue;
      seen.add(name);
      if (target!.startsWith('.')) waiting.push(name);
    }
  }
  return seen;
}
