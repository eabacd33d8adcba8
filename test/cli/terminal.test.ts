import { spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { randomLooking } from '../support/content.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { runInProcess } from './cli-in-process.ts';
import { mainFile, startCli, until } from './cli-process.ts';

const hasTerminals = spawnSync('script', ['--version']).status === 0;

async function ground() {
  const directory = await temporaryDirectory();
  const path = (name: string): string => join(directory, name);
  await writeFile(path('a.key'), `${'ab'.repeat(32)}\n`);
  await writeFile(path('content'), randomLooking(3_000_000, 'cli terminal'));
  return { directory, path, key: ['--key-file', path('a.key')] };
}

/** Starts a shell command on a terminal of its own, in which $SEALPART is the command line. */
function onTerminal(command: string, cwd: string) {
  const running = startCli([], {
    cwd,
    shell: 'exec script -qec "$COMMAND" /dev/null < /dev/null',
    env: { COMMAND: command, SEALPART: `${process.execPath} ${mainFile}` },
  });
  const chunks: Buffer[] = [];
  running.child.stdout!.on('data', (chunk: Buffer) => chunks.push(chunk));
  /** What was shown so far; `<redraw>` where the line begins anew. */
  const screen = (): string =>
    Buffer.concat(chunks).toString().replaceAll('\r\n', '\n').replaceAll('\r\u001b[K', '<redraw>');
  const ended = running.ended.then(({ exitCode }) => ({ screen: screen(), exitCode }));
  return { screen, ended };
}

it.skipIf(!hasTerminals)('a terminal shows one line of progress, which is gone in the end', async () => {
  const { directory, path } = await ground();
  // The reader waits, so that the command stands in the middle for as long as it takes to see it.
  const command =
    '$SEALPART encrypt --segment-size 16K --memory 4M --key-file a.key content | (until test -e go; do sleep 0.05; done; cat > s)';
  const encrypting = onTerminal(command, directory);
  await until(() => encrypting.screen().split('<redraw>').length > 4 && encrypting.screen().includes('ETA'));
  await writeFile(path('go'), '');
  const { screen, exitCode } = await encrypting.ended;
  expect(exitCode).toBe(0);
  const [first, drawn, digest] = screen.split('\n');
  expect(first).toMatch(/^encrypt \S*\/content to standard output, memory at most \d+ MiB$/);
  // Everything else is drawn over itself, up to the result.
  expect(drawn).toMatch(
    /^(<redraw>\d+ % {2}[\d.]+ \w+ of 2\.86 MiB {2}[\d.]+ \w+\/s( {2}ETA [\d:]+)? {2}\d+ segments? in flight){4,}<redraw>encrypted 3000000 bytes/,
  );
  expect(digest).toMatch(/^stream digest [0-9a-f]{64}$/);
  expect((await readFile(path('s'))).length).toBeGreaterThan(3_000_000);
  const quiet = onTerminal('$SEALPART decrypt -q --key-file a.key s | (sleep 0.4; cat > back)', directory);
  expect(await quiet.ended).toEqual({ screen: '', exitCode: 0 });
});

it.skipIf(!hasTerminals)('a terminal gets no encrypted bytes, and decrypted text without progress in it', async () => {
  const { directory, path, key } = await ground();
  await runInProcess(['encrypt', '-q', '-o', path('s'), ...key], { input: Buffer.from('hello\nthere\n') });
  const [refused, shown] = await Promise.all([
    onTerminal('$SEALPART encrypt --key-file a.key content', directory).ended,
    onTerminal('$SEALPART decrypt --key-file a.key s', directory).ended,
  ]);
  expect(refused).toEqual({ screen: expect.stringMatching(/^sealpart: usage: .*terminal.*\n$/), exitCode: 2 });
  expect(shown.exitCode).toBe(0);
  expect(shown.screen).toMatch(/^decrypt .*\nhello\nthere\ndecrypted 12 bytes .*\nstream digest .*\n$/);
});

it('a pipe gets a plain line of progress every few seconds, as JSON if asked, or none', async () => {
  const { path, key } = await ground();
  const args = ['encrypt', '--segment-size', '64K', ...key, '-o'];
  const plain = startCli([...args, path('a')], { input: 'open' });
  const json = startCli([...args, path('b'), '--json'], { input: 'open' });
  const quiet = startCli([...args, path('c'), '--quiet'], { input: 'open' });
  for (const { child } of [plain, json, quiet]) child.stdin!.write(randomLooking(1_000_000, 'cli terminal'));
  await until(() => plain.stderr().split('\n').length > 2 && json.stderr().split('\n').length > 2);
  for (const { child } of [plain, json, quiet]) child.stdin!.end();
  const [a, b, c] = await Promise.all([plain.ended, json.ended, quiet.ended]);
  expect(a.stderr).toMatch(
    /^encrypt standard input .*\n([\d.]+ KiB {2}[\d.]+ \w+\/s {2}\d+ segments? in flight\n)+encrypted 1000000 bytes.*\nstream digest \w+\n$/,
  );
  expect(a.stderr).not.toContain('\r');
  const lines = b.stderr
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines[0]).toHaveProperty('start');
  expect(lines[1]).toEqual({
    progress: { bytes: expect.any(Number), bytesPerSecond: expect.any(Number), segmentsInFlight: expect.any(Number) },
  });
  expect(c.stderr).toBe('');
});
