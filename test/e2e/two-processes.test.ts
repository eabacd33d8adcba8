import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { errorOf, expectBytes } from '../cli/cli-in-process.ts';
import { type RunningCli, runProcess, startCli, succeed } from '../cli/cli-process.ts';
import { pauseBetweenWrites } from '../cli/pause.ts';
import { parts, untilUnderWay, uploadsOf } from '../cli/unfinished.ts';
import { describeOnTwoStores, type StoreGround } from './two-grounds.ts';

function putArgs({ path, url, key }: StoreGround): string[] {
  return ['put', '--json', path('content'), url, ...key, '--workers', '0'];
}

/** A put that stands still in the middle of its upload: its process lives, and its lease has not run out. */
async function pausedPut(ground: StoreGround): Promise<RunningCli> {
  const first = startCli(putArgs(ground), { env: ground.env });
  await untilUnderWay(ground);
  await pauseBetweenWrites(first.child, ground.databases);
  const [upload] = await uploadsOf(ground);
  expect(upload).toMatchObject({ item: { state: 'open', epoch: 1 } });
  expect(upload!.parts).toBeLessThan(parts);
  expect(upload!.item.leaseUntilMs).toBeGreaterThan(Date.now());
  return first;
}

async function expectWhole(ground: StoreGround): Promise<void> {
  const { url, path, key, env } = ground;
  await succeed(['get', url, path('back'), ...key], { env });
  expectBytes(await readFile(path('back')), await ground.content());
  expect([await uploadsOf(ground), await ground.uploadsLeft()]).toEqual([[], 0]);
}

describeOnTwoStores('two processes at one upload', (makeGround) => {
  it('the second ends with exit code 7 and touches nothing; the first comes to its end', async () => {
    const ground = await makeGround();
    const { env } = ground;
    const first = await pausedPut(ground);
    const before = await uploadsOf(ground);
    const { id } = before[0]!.item;
    const others = [
      putArgs(ground),
      [...putArgs(ground), '--no-resume'],
      ['uploads', 'resume', '--json', id, ...ground.key],
      ['uploads', 'abort', '--json', id],
    ].map(async (args) => {
      const second = await runProcess(args, { env });
      expect([args, second.exitCode, errorOf(second)]).toEqual([
        args,
        7,
        { code: 'owned', message: expect.stringMatching(/may be alive.*--take-over/) },
      ]);
    });
    const swept = await runProcess(['uploads', 'sweep', '--json', '--older-than', '0'], { env });
    expect([swept.exitCode, JSON.parse(swept.out)]).toMatchObject([0, { swept: 0, owned: 1 }]);
    await Promise.all(others);
    expect(await uploadsOf(ground)).toEqual(before);
    first.child.kill('SIGCONT');
    const done = await first.ended;
    expect([done.exitCode, JSON.parse(done.out)]).toMatchObject([0, { resumed: false, parts: { sent: parts } }]);
    await expectWhole(ground);
  });

  it('one that was taken over while it stood still ends with exit code 7 and changes nothing', async () => {
    const ground = await makeGround();
    const first = await pausedPut(ground);
    const taken = await runProcess([...putArgs(ground), '--take-over'], { env: ground.env });
    expect([taken.exitCode, taken.stderr, JSON.parse(taken.out)]).toMatchObject([
      0,
      expect.stringContaining('"kind":"resumed"'),
      { resumed: true },
    ]);
    const { kept, sent } = (JSON.parse(taken.out) as { parts: { kept: number; sent: number } }).parts;
    expect([kept >= 2, kept + sent]).toEqual([true, parts]);
    const before = await ground.head();
    expect(first.child.exitCode).toBeNull();
    first.child.kill('SIGCONT');
    const stopped = await first.ended;
    expect([stopped.exitCode, stopped.out, errorOf(stopped).code]).toEqual([7, '', 'owned']);
    expect(await ground.head()).toEqual(before);
    await expectWhole(ground);
  });

  it('one that is taken over in the middle of the other stops while the other is still at work', async () => {
    const ground = await makeGround();
    const first = await pausedPut(ground);
    const second = startCli([...putArgs(ground), '--take-over'], { env: ground.env });
    // As soon as it has taken over, and before it has sent much.
    const tookOver = async (): Promise<boolean> => (await uploadsOf(ground)).some(({ item }) => item.epoch > 1);
    while (second.child.exitCode === null && !(await tookOver()));
    first.child.kill('SIGCONT');
    const [stopped, done] = await Promise.all([first.ended, second.ended]);
    expect([stopped.exitCode, errorOf(stopped).code]).toEqual([7, 'owned']);
    expect([done.exitCode, JSON.parse(done.out)]).toMatchObject([0, { resumed: true }]);
    await expectWhole(ground);
  });
});
