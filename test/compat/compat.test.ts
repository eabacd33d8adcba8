import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { groupOf } from '../../scripts/compat/case-groups.ts';
import { grounds, knownOver, readKnownFailures } from '../../scripts/compat/known-failures.ts';
import { runCases } from '../../scripts/compat/run-cases.ts';
import { listCases, suitePath } from '../../scripts/compat/suite.ts';
import { gatewayCredentials, type RunningGateway, startGateway } from '../support/gateway/start-gateway.ts';

// A sample of the cases that `npm run compat` runs, always the same, so that an answer that changes is noticed at once.

const sampleSize = 60;
const isHere = existsSync(suitePath());
const why = 'the cases are not built: npm run servers -- install conformance';

/** Cases that are to pass over the embedded store, in an order that has nothing to do with what they are about. */
async function sample(): Promise<string[]> {
  const known = knownOver(readKnownFailures(), 'dir');
  const place = (name: string): string => createHash('sha256').update(name).digest('hex');
  const names = (await listCases()).filter((name) => groupOf(name).wanted && !known.has(name));
  return names.sort((a, b) => (place(a) < place(b) ? -1 : 1)).slice(0, sampleSize);
}

describe.skipIf(!isHere)(`conformance${isHere ? '' : ` (${why})`}`, () => {
  let gateway: RunningGateway;
  beforeAll(async () => {
    gateway = await startGateway({ flags: ['--owner', gatewayCredentials.accessKeyId] });
  });
  afterAll(() => gateway?.stop());

  it(`of ${sampleSize} cases over the embedded store`, async () => {
    const results = await runCases(await sample(), gateway, { jobs: 3 });
    expect(results).toHaveLength(sampleSize);
    expect(results.filter(({ verdict }) => verdict !== 'passed')).toEqual([]);
  });
});

describe.runIf(!isHere && process.env.SEALPART_REQUIRE_SERVERS === '1')('conformance', () => {
  it('has its cases', () => {
    throw new Error(why);
  });
});

describe('the list of cases that do not pass', () => {
  it('names each case once, with a reason', () => {
    const known = readKnownFailures();
    for (const { reason } of known) expect(reason.trim()).not.toBe('');
    for (const ground of grounds) {
      const names = known.flatMap((entry) => entry[ground] ?? []);
      expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
    }
  });
});
