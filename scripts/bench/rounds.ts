/** What the runs of one side took, by round. */
export interface SideResult {
  /** Bytes of content a second. */
  readonly bytesPerSecond: readonly number[];
  /** User and system time of the side's process and its threads, in nanoseconds a byte of content. */
  readonly cpuNsPerByte: readonly number[];
}

/** What one run took. */
export interface RunCost {
  readonly seconds: number;
  /** User and system time of all threads. */
  readonly cpuSeconds: number;
}

/** Runs a side once, in this process; one that runs in another says what it took. */
export type SideRun = () => Promise<RunCost | undefined> | Promise<void>;

/**
 * Runs all sides one after the other, again and again: a b c, a b c. What else the machine does hits all of them. A
 * first round warms up and is not counted.
 *
 * @param contentBytes what a run of any side goes through.
 */
export async function runRounds<Side extends string>(
  sides: Readonly<Record<Side, SideRun>>,
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
      const { seconds, cpuSeconds } = await measure(sides[name]);
      results[name].bytesPerSecond.push(contentBytes / seconds);
      results[name].cpuNsPerByte.push((cpuSeconds * 1e9) / contentBytes);
    }
  }
  return results;
}

async function measure(run: SideRun): Promise<RunCost> {
  const before = process.cpuUsage();
  const start = performance.now();
  const told = await run();
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(before);
  return told ?? { seconds, cpuSeconds: (user + system) / 1e6 };
}
