/** One of the things that are compared. */
export interface Side {
  readonly name: string;
  /** Bytes of content a run. */
  readonly bytes: number;
  readonly run: () => Promise<void>;
}

/** What the runs of a side took, by round. */
export interface SideResult {
  readonly name: string;
  /** Bytes of content a second. */
  readonly bytesPerSecond: readonly number[];
  /** User and system time of this process and its threads, in nanoseconds a byte of content. */
  readonly cpuNsPerByte: readonly number[];
}

/**
 * Runs all sides one after the other, again and again: a b c, a b c. What else the machine does hits all of them. A
 * first round warms up and is not counted.
 *
 * @returns the sides' results, in the order in which they were given
 */
export async function runRounds(sides: readonly Side[], rounds: number): Promise<SideResult[]> {
  for (const side of sides) await side.run();
  const results = sides.map(({ name }) => ({ name, bytesPerSecond: [] as number[], cpuNsPerByte: [] as number[] }));
  for (let round = 0; round < rounds; round++) {
    for (const [i, side] of sides.entries()) {
      const cpu = process.cpuUsage();
      const start = performance.now();
      await side.run();
      const seconds = (performance.now() - start) / 1000;
      const { user, system } = process.cpuUsage(cpu);
      results[i]!.bytesPerSecond.push(side.bytes / seconds);
      results[i]!.cpuNsPerByte.push(((user + system) * 1000) / side.bytes);
    }
  }
  return results;
}
