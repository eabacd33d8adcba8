import { spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { install, standingOf, standingsTable } from '../../scripts/servers/install.ts';
import type { Program } from '../../scripts/servers/program.ts';
import { runCommand } from '../../scripts/servers/run-command.ts';
import { goProgramPath, serversFolder } from '../../scripts/servers/server-place.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const main = fileURLToPath(new URL('../../scripts/servers/main.ts', import.meta.url));

function servers(args: string[], env: Record<string, string>) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  return { status, stdout, stderr };
}

/** A program that is there once it was installed. */
function fakeProgram(installs: (signal: AbortSignal) => Promise<void> = async () => undefined) {
  const calls = { installed: 0 };
  const program: Program = {
    name: 'fake',
    what: 'for tests',
    find: async () => (calls.installed > 0 ? { version: '1', path: '/fake' } : undefined),
    install: async (signal) => {
      await installs(signal);
      calls.installed += 1;
    },
  };
  return { program, calls };
}

describe('installing', () => {
  it('happens once', async () => {
    const { program, calls } = fakeProgram();
    expect((await standingOf(program)).how).toBe('not installed');
    expect((await install(program, 1000)).how).toMatch(/^\d+\.\d s$/);
    expect((await install(program, 1000)).how).toBe('was there');
    expect(calls.installed).toBe(1);
    expect(await standingOf(program)).toEqual({ name: 'fake', version: '1', where: '/fake', how: 'for tests' });
  });

  it('of what cannot be had is a line of the table', async () => {
    const { program } = fakeProgram(() => Promise.reject(new Error('nobody has it\nand more')));
    const standing = await install(program, 1000);
    expect(standing).toEqual({ name: 'fake', version: '-', where: '-', how: 'not to be had: nobody has it' });
    expect(standingsTable([standing])).toBe('name  version  where\nfake  -        -      not to be had: nobody has it');
  });

  it('ends when its time is over', async () => {
    const { program } = fakeProgram(async (signal) => {
      await runCommand('sleep', ['30'], { signal });
    });
    expect((await install(program, 50)).how).toBe('not to be had: sleep 30 took too long.');
  });

  it('says why a command failed', async () => {
    const script = 'echo "go: no such module"; exit 1';
    await expect(runCommand('sh', ['-c', script])).rejects.toThrow('sh -c failed: go: no such module');
    await expect(runCommand('sh', ['-c', 'echo "E: no"; echo later; exit 1'])).rejects.toThrow('failed: E: no');
    await expect(runCommand('no-such-command', [])).rejects.toThrow('There is no no-such-command on this machine.');
  });
});

describe('npm run servers', () => {
  const nothing = { PATH: '/nowhere', SEALPART_SERVERS: '/nowhere' };

  it('lists what is missing by its name', () => {
    const { status, stdout } = servers(['list'], nothing);
    expect(status).toBe(0);
    for (const name of ['versitygw', 'minio', 'rgw', 'awscli', 'rclone'])
      expect(stdout).toMatch(new RegExp(`^${name} +- +- +not installed$`, 'm'));
  });

  it('goes on when one cannot be had', async () => {
    const folder = await temporaryDirectory();
    const { status, stdout } = servers(['install', 'minio', 'rgw'], { PATH: '/nowhere', SEALPART_SERVERS: folder });
    expect(status).toBe(0);
    expect(stdout).toMatch(/^minio .*not to be had: There is no go on this machine\.$/m);
    expect(stdout).toMatch(/^rgw .*not to be had: Install ceph-mon, ceph-osd, radosgw by hand: no apt-get here\.$/m);
  });

  it('leaves alone what is there', async () => {
    const folder = await temporaryDirectory();
    const path = goProgramPath('versitygw', folder);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, '');
    const { stdout } = servers(['install', 'versitygw'], { ...nothing, SEALPART_SERVERS: folder });
    expect(stdout).toContain(`${path}  was there`);
  });

  it('refuses what makes no sense', () => {
    for (const args of [[], ['start'], ['install', 's3'], ['install', '--limit', '0'], ['list', '--all']]) {
      const { status, stderr } = servers(args, nothing);
      expect([status, stderr.includes('usage: npm run servers')]).toEqual([2, true]);
    }
  });

  it('keeps them where it is told, else below the cache of the user', () => {
    expect(serversFolder({ SEALPART_SERVERS: '/s', XDG_CACHE_HOME: '/c' })).toBe('/s');
    expect(serversFolder({ XDG_CACHE_HOME: '/c' })).toBe(join('/c', 'sealpart-servers'));
    expect(serversFolder({})).toMatch(/\.cache.sealpart-servers$/);
  });
});
