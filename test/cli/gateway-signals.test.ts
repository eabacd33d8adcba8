import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { until } from './cli-process.ts';

const main = fileURLToPath(new URL('gateway-main.ts', import.meta.url));

interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<readonly [code: number | null, signal: NodeJS.Signals | null]>;
  stderr(): string;
}

/** Starts the command in a process of its own, and waits until it serves. */
async function start(closeMs: number, wrap: readonly string[] = []): Promise<Started> {
  const env = { PATH: process.env.PATH, HOME: await temporaryDirectory(), GATEWAY_CLOSE_MS: String(closeMs) };
  const [program, ...args] = [...wrap, process.execPath, main, '--admin-listen', 'none', '--stop-timeout', '60s'];
  const child = spawn(program!, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  let seen = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (seen += text));
  await until(() => seen.includes('s3 cp') || child.exitCode !== null);
  return { child, ended, stderr: () => seen };
}

it.each(['SIGTERM', 'SIGINT'] as const)('%s lets requests end, and the exit code is 0', async (name) => {
  const gateway = await start(200);
  gateway.child.kill(name);
  expect(await gateway.ended).toEqual([0, null]);
  expect(gateway.stderr()).toContain(`stopping at ${name}: requests have 60 s to end`);
});

it('a second SIGTERM ends at once what the first one has asked to end', async () => {
  const gateway = await start(60_000);
  gateway.child.kill('SIGTERM');
  await until(() => gateway.stderr().includes('stopping'));
  gateway.child.kill('SIGTERM');
  expect(await gateway.ended).toEqual([null, 'SIGTERM']);
});

it('SIGHUP stops nothing', async () => {
  const gateway = await start(0);
  gateway.child.kill('SIGHUP');
  await until(() => gateway.stderr().includes('read again: 1 access key'));
  gateway.child.kill('SIGHUP');
  await until(() => gateway.stderr().split('read again').length === 3);
  gateway.child.kill('SIGTERM');
  expect(await gateway.ended).toEqual([0, null]);
});

const hasTerminals = spawnSync('script', ['--version']).status === 0;

it.skipIf(!hasTerminals)('a terminal that is closed ends the gateway that was started in it', async () => {
  const folder = await temporaryDirectory();
  const pidFile = join(folder, 'pid');
  // The shell leaves its place to the gateway, so that this is its pid.
  const command = `echo $$ > ${pidFile}; exec ${process.execPath} ${main} --admin-listen none`;
  const terminal = spawn('script', ['-qc', command, '/dev/null'], {
    env: { PATH: process.env.PATH, HOME: folder, GATEWAY_CLOSE_MS: '0', SHELL: '/bin/sh' },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  onTestFinished(() => void terminal.kill('SIGKILL'));
  let seen = '';
  terminal.stdout.setEncoding('utf8').on('data', (text) => (seen += text));
  await until(() => seen.includes('s3 cp'));
  const pid = Number(await readFile(pidFile, 'utf8'));
  onTestFinished(() => {
    if (isRunning(pid)) process.kill(pid, 'SIGKILL');
  });
  process.kill(pid, 'SIGHUP');
  await until(() => seen.includes('read again'));
  terminal.kill('SIGKILL');
  await until(() => !isRunning(pid));
});

/** One that nobody has asked how it ended is not running any more. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== 'linux' || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}
