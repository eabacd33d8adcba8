import { describe, expect, it } from 'vitest';
import { crashAtEveryStep, crashRecoveries } from '../support/crash/crash-everywhere.ts';
import { crashKinds } from '../support/crash/crash-plan.ts';
import { directoryScene } from '../support/crash/directory-scene.ts';
import { noteFault } from '../support/fault-log.ts';

/** Every pair of crash points is for `npm run endurance`; here, every third step of the first run. */
const stride = process.env.SEALPART_ENDURANCE === undefined ? 3 : 1;
const limitMs = 600_000;

describe('C01: a crash at every step of put to a directory store', () => {
  it.each(crashKinds)('%s: the next put goes on, and nothing committed is sent again', async (kind) => {
    const { reached, points } = await crashAtEveryStep(directoryScene, kind);
    for (const point of ['store.createMultipart', 'store.uploadPart', 'store.completeMultipart', 'manifest.putPart']) {
      expect(points).toContain(point);
    }
    const injected = `${kind} at every step of put to a directory store`;
    noteFault({ id: 'C01', injected, reached, outcome: 'resumed to the same content' });
  });
});

describe('C09: a crash during the recovery from a crash', () => {
  it.each(crashKinds)(
    '%s at every step of a recovery',
    async (kind) => {
      const reached = await crashRecoveries(directoryScene, kind, stride);
      noteFault({ id: 'C09', injected: `${kind} at every step of a recovery`, reached, outcome: 'converged' });
    },
    limitMs,
  );
});
