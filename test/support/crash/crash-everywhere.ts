import { expect } from 'vitest';
import { type CrashKind, CrashPlan } from './crash-plan.ts';
import type { UploadScene } from './upload-scene.ts';

export type MakeScene = () => Promise<UploadScene>;

/** One process goes wrong at one step, and the next one finds what it left. */
export async function crashOnce(scene: UploadScene, step: number, kind: CrashKind): Promise<CrashPlan> {
  const plan = new CrashPlan(step, kind);
  await scene.put(plan);
  return plan;
}

/** How many steps an undisturbed put has. */
export async function stepsOfPut(makeScene: MakeScene): Promise<number> {
  const plan = new CrashPlan();
  await (await makeScene()).put(plan);
  return plan.steps.length;
}

/**
 * Crashes a put at each of its steps, on new ground each time, and lets the next one go on: what was committed is not
 * sent again, and nothing is left in store or manifest but the object.
 *
 * @returns at how many steps, and at which kinds of step
 */
export async function crashAtEveryStep(
  makeScene: MakeScene,
  kind: CrashKind,
  stride = 1,
): Promise<{ reached: number; points: ReadonlySet<string> }> {
  let reached = 0;
  const points = new Set<string>();
  for (let step = 1; ; step += stride) {
    const scene = await makeScene();
    const plan = await crashOnce(scene, step, kind);
    if (plan.reached === 0) return { reached, points };
    reached++;
    const point = plan.steps[step - 1]!;
    points.add(point);
    await scene.checkVisible();
    const committed = await scene.committedParts();
    scene.forgetCounts();
    await scene.recover();
    await scene.checkSettled();
    const again = committed.filter((partNumber) => scene.sentParts.has(partNumber));
    expect(again, `I7 after ${kind} at ${point} (${step})`).toEqual([]);
  }
}

/**
 * Crashes recovery at each of its steps.
 *
 * @param stride which of the first run's steps to crash at
 * @returns at how many pairs of steps
 */
export async function crashRecoveries(makeScene: MakeScene, kind: CrashKind, stride: number): Promise<number> {
  let reached = 0;
  const steps = await stepsOfPut(makeScene);
  for (let step = 1; step <= steps; step += stride) {
    for (let second = 1; ; second++) {
      const scene = await makeScene();
      const before = await crashOnce(scene, step, step % 2 === 0 ? 'die-before' : 'die-after');
      expect(before.reached).toBe(1);
      const plan = await crashOnce(scene, second, kind);
      if (plan.reached === 0) break;
      reached++;
      await scene.checkVisible();
      await scene.recover();
      await scene.checkSettled();
    }
  }
  return reached;
}
