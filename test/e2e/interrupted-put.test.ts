import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { errorOf, expectBytes } from '../cli/cli-in-process.ts';
import { mainFile, runProcess, startCli, succeed } from '../cli/cli-process.ts';
import { parts, untilUnderWay, uploadsOf } from '../cli/unfinished.ts';
import { describeOnTwoStores } from './two-grounds.ts';

describeOnTwoStores('a put with --json', (makeGround) => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('leaves its upload at %s, ends with %d, and prints the command that goes on', async (name, exitCode) => {
    const ground = await makeGround();
    const { directory, path, url, key, env } = ground;
    const put = startCli(['put', '--json', 'content', url, ...key, '--workers', '0'], { env, cwd: directory });
    await untilUnderWay(ground);
    put.child.kill(name);
    const stopped = await put.ended;
    const { code, message } = errorOf(stopped);
    expect([stopped.exitCode, stopped.killedBy, stopped.out, code]).toEqual([exitCode, null, '', 'aborted']);
    const [left] = await uploadsOf(ground);
    expect([left!.item.state, left!.parts >= 2, await ground.uploadsLeft()]).toEqual(['open', true, 1]);
    // What it keeps is free at once.
    expect(left!.item.leaseUntilMs).toBe(0);
    const text = new RegExp(
      `^Stopped by ${name}\\. What was sent is kept as upload ${left!.item.id}\\. To go on: (.*)$`,
    );
    const command = text.exec(message)?.[1];
    expect(command, message).toMatch(/^sealpart put --json /);
    const shell = `sealpart() { ${process.execPath} ${mainFile} "$@"; }; ${command}`;
    const done = await runProcess([], { env, cwd: directory, shell });
    expect([done.exitCode, done.stderr]).toEqual([0, expect.stringContaining('"kind":"resumed"')]);
    const facts = JSON.parse(done.out) as { resumed: boolean; parts: { kept: number; sent: number } };
    expect([facts.resumed, facts.parts.kept >= left!.parts, facts.parts.kept + facts.parts.sent]).toEqual([
      true,
      true,
      parts,
    ]);
    await succeed(['get', url, path('back'), ...key], { env });
    expectBytes(await readFile(path('back')), await ground.content());
    expect([await uploadsOf(ground), await ground.uploadsLeft()]).toEqual([[], 0]);
  });
});
