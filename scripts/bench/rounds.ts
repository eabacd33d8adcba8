/** What the runs of one side took, by round. */
export interface SideResult {
  /** Bytes of content a second. */
  readonly bytesPerSecond: readonly number[];
  /** User and system time of this process and its threads, in nanoseconds a byte of content. */
  readonly cpuNsPerByte: readonly number[];
}

/**
 * Runs all sides one after the other, again and again: a b c, a b c. What else the machine does hits all of them. A
 * first round warms up and is not counted.
 *
 * @param contentBytes what a run of any side goes through.
 */
export async function runRounds<Side extends string>(
  sides: Readonly<Record<Side, () => Promise<void>>>,
  contentBytes: number,
  rounds: number,
): Promise<Record<Side, SideResult>> {
  const names = Object.keys(sides) as Side[];
  for (const name of names) await sides[name]();
  const results = Object.fromEntries(
    names.map((name) => [name, { bytesPerSecond: [] as number[], cpuNsPerByte: [] as number[] }]),
  ) as Record<Side, { bytesPerSecond: number[]; cpuNsPerByte: number[] }>;
  for (let round = 0; round < rounds; round++) {
    for (const name of names) {
      const cpu = process.cpuUsage();
      const start = performance.now();
      await sides[name]();
      const seconds = (performance.now() - start) / 1000;
      const { user, system } = process.cpuUsage(cpu);
      results[name].bytesPerSecond.push(contentBytes / seconds);
      results[name].cpuNsPerByte.push(((user + system) * 1000) / contentBytes);
    }
  }
  return results;
}
