import type { Figure, Goal } from './bench.ts';
import type { SideResult } from './rounds.ts';
import { median, medianRatio } from './statistics.ts';

/** How fast a side was, in wall time and in what it took of all cores. */
export function speedFigures(name: string, side: SideResult): Figure[] {
  return [speedFigure(name, side), { name: `${name}: CPU`, value: median(side.cpuNsPerByte), unit: 'ns/B' }];
}

export function speedFigure(name: string, side: SideResult): Figure {
  return { name: `${name}: speed`, value: median(side.bytesPerSecond) / 1e9, unit: 'GB/s' };
}

export function cpuPerGiBFigure(name: string, side: SideResult): Figure {
  return { name: `${name}: CPU`, value: (median(side.cpuNsPerByte) * 2 ** 30) / 1e9, unit: 's/GiB' };
}

/** How fast one side is, the other being 1. */
export function ratioFigure(name: string, side: SideResult, measure: SideResult, goal?: Goal): Figure {
  const value = medianRatio(side.bytesPerSecond, measure.bytesPerSecond);
  return { name, value, unit: 'ratio', ...(goal === undefined ? {} : { goal }) };
}

/** The same by CPU time, which neighbours on the machine disturb less. */
export function cpuRatioFigure(name: string, side: SideResult, measure: SideResult): Figure {
  return { name, value: medianRatio(measure.cpuNsPerByte, side.cpuNsPerByte), unit: 'ratio' };
}

/** What more threads bring one side, compared with what they bring the other. */
export function scalingFigures(
  digest: string,
  pipeline: { readonly one: SideResult; readonly two: SideResult },
  bare: { readonly one: SideResult; readonly two: SideResult },
): Figure[] {
  const own = medianRatio(pipeline.two.bytesPerSecond, pipeline.one.bytesPerSecond);
  const bareOwn = medianRatio(bare.two.bytesPerSecond, bare.one.bytesPerSecond);
  return [
    { name: `${digest}: 2 workers to 1`, value: own, unit: 'ratio' },
    { name: `${digest}: 2 threads of the bare loop to 1`, value: bareOwn, unit: 'ratio' },
    { name: `${digest}: the first to the second`, value: own / bareOwn, unit: 'ratio', goal: { atLeast: 0.9 } },
  ];
}
