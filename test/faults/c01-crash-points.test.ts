import { describe, expect, it } from 'vitest';
import { type CrashKind, CrashPlan, crashKinds } from '../support/crash/crash-plan.ts';
import { directoryScene } from '../support/crash/directory-scene.ts';
import type { UploadScene } from '../support/crash/upload-scene.ts';
import { noteFault } from '../support/fault-log.ts';

/** One process goes wrong at one step, and the next one finds what it left. */
async function crashOnce(scene: UploadScene, step: number, kind: CrashKind): Promise<CrashPlan> {
  const plan = new CrashPlan(step, kind);
  await scene.put(plan);
  return plan;
}

/** Every pair of crash points is for `npm run endurance`; here, every third step of the first run. */
const stride = process.env.SEALPART_ENDURANCE === undefined ? 3 : 1;

async function stepsOfPut(): Promise<number> {
  const plan = new CrashPlan();
  await (await directoryScene()).put(plan);
  return plan.steps.length;
}

describe('C01: a crash at every step of put', () => {
  it.each(crashKinds)('%s: the next put goes on, and nothing committed is sent again', async (kind) => {
    let reached = 0;
    const points = new Set<string>();
    for (let step = 1; ; step++) {
      const scene = await directoryScene();
      const plan = await crashOnce(scene, step, kind);
      if (plan.reached === 0) break;
      reached++;
      points.add(plan.steps[step - 1]!);
      await scene.checkVisible();
      const committed = await scene.committedParts();
      scene.forgetCounts();
      await scene.recover();
      await scene.checkSettled();
      const again = committed.filter((partNumber) => scene.sentParts.has(partNumber));
      expect(again, `I7 after ${kind} at ${plan.steps[step - 1]} (${step})`).toEqual([]);
    }
    for (const point of ['store.createMultipart', 'store.uploadPart', 'store.completeMultipart', 'manifest.putPart']) {
      expect(points).toContain(point);
    }
    noteFault({ id: 'C01', injected: `${kind} at every step of put`, reached, outcome: 'resumed to the same content' });
  });
});

describe('C09: a crash during the recovery from a crash', () => {
  it.each(crashKinds)('%s at every step of a recovery', async (kind) => {
    let reached = 0;
    const steps = await stepsOfPut();
    for (let step = 1; step <= steps; step += stride) {
      const first = step % 2 === 0 ? 'die-before' : 'die-after';
      for (let second = 1; ; second++) {
        const scene = await directoryScene();
        const before = await crashOnce(scene, step, first);
        expect(before.reached).toBe(1);
        const plan = await crashOnce(scene, second, kind);
        if (plan.reached === 0) break;
        reached++;
        await scene.checkVisible();
        await scene.recover();
        await scene.checkSettled();
      }
    }
    noteFault({ id: 'C09', injected: `${kind} at every step of a recovery`, reached, outcome: 'converged' });
  });
});
