/** A row of docs/faults.md. */
export interface Fault {
  /** `S06`. */
  readonly id: string;
  readonly fault: string;
  readonly expected: string;
}

/** What docs/faults.md says. */
export interface Catalogue {
  /** Faults that tests cause. */
  readonly caused: readonly Fault[];
  /** Ids of faults that concern what does not exist yet. */
  readonly later: readonly string[];
}

const row = /^\| ([A-Z]\d\d) \| (.+?) \| (.+?) \|$/;
const laterHeading = /^## .*\blater\b/i;

/**
 * Reads the catalogue: rows of tables that begin with an id. Those below a heading with the word "later" are not
 * expected of anybody.
 *
 * @throws Error if an id stands there twice, or if there is none
 */
export function readCatalogue(text: string): Catalogue {
  const caused: Fault[] = [];
  const later: string[] = [];
  const seen = new Set<string>();
  let isLater = false;
  for (const line of text.split('\n')) {
    if (line.startsWith('## ')) isLater = laterHeading.test(line);
    const match = row.exec(line);
    if (match === null) continue;
    const [, id, fault, expected] = match as unknown as [string, string, string, string];
    if (seen.has(id)) throw new Error(`docs/faults.md has ${id} twice.`);
    seen.add(id);
    if (isLater) later.push(id);
    else caused.push({ id, fault, expected });
  }
  if (caused.length === 0) throw new Error('docs/faults.md has no rows.');
  return { caused, later };
}

/** The faults whose ids begin so; all of them if nothing is asked for. @throws Error for what no id begins with */
export function choose(catalogue: Catalogue, prefixes: readonly string[]): readonly Fault[] {
  for (const prefix of prefixes) {
    if (catalogue.caused.some(({ id }) => id.startsWith(prefix))) continue;
    const isLater = catalogue.later.some((id) => id.startsWith(prefix));
    throw new Error(isLater ? `${prefix} is not caused here: see docs/faults.md.` : `No fault begins with ${prefix}.`);
  }
  if (prefixes.length === 0) return catalogue.caused;
  return catalogue.caused.filter(({ id }) => prefixes.some((prefix) => id.startsWith(prefix)));
}
