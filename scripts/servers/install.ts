import type { Found, Program } from './program.ts';

/** How one program stands, for the table. */
export interface Standing {
  readonly name: string;
  readonly version: string;
  readonly where: string;
  readonly how: string;
}

/** Looks for a program without changing anything. */
export async function standingOf(program: Program): Promise<Standing> {
  const { found, why } = await look(program);
  return found ? there(program, found, program.what) : missing(program, why ?? 'not installed');
}

/**
 * Installs a program unless it is there.
 *
 * @returns how it stands now: that one cannot be had is a result too
 */
export async function install(program: Program, limitMs: number): Promise<Standing> {
  const before = await look(program);
  if (before.found) return there(program, before.found, 'was there');
  const start = performance.now();
  try {
    await program.install(AbortSignal.timeout(limitMs));
  } catch (error) {
    return missing(program, `not to be had: ${firstLine(error)}`);
  }
  const { found, why } = await look(program);
  if (found === undefined) return missing(program, why ?? 'was installed and is not there');
  return there(program, found, `${((performance.now() - start) / 1000).toFixed(1)} s`);
}

/** One that is there and does not run is of no use. */
async function look(program: Program): Promise<{ readonly found?: Found; readonly why?: string }> {
  try {
    const found = await program.find();
    return found ? { found } : {};
  } catch (error) {
    return { why: `does not run: ${firstLine(error)}` };
  }
}

function there({ name }: Program, { version, path }: Found, how: string): Standing {
  return { name, version, where: path, how };
}

function missing({ name }: Program, how: string): Standing {
  return { name, version: '-', where: '-', how };
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0]!.slice(0, 300);
}

/** The lines of a table, columns aligned, with a head. */
export function standingsTable(standings: readonly Standing[]): string {
  const rows = [
    ['name', 'version', 'where', ''],
    ...standings.map(({ name, version, where, how }) => [name, version, where, how]),
  ];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
