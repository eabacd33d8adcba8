import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import {
  CreateMultipartUploadCommand,
  GetObjectCommand,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { moduleUrl, runScript, startScript } from '../support/run-script.ts';
import { describeOnServers } from '../support/servers/describe-on-servers.ts';
import { makeBucket, plainClient, type Reachable } from '../support/servers/s3-client.ts';
import { type ServerName, serverNames } from '../support/servers/s3-server.ts';
import { serverAvailable, startServer } from '../support/servers/start-server.ts';

async function roundTrip(server: Reachable): Promise<void> {
  const client = plainClient(server);
  try {
    const Bucket = await makeBucket(server);
    await client.send(new PutObjectCommand({ Bucket, Key: 'a/b', Body: 'content' }));
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: 'a/b', Range: 'bytes=1-3' }));
    expect(await Body!.transformToString()).toBe('ont');
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key: 'c' }));
    await client.send(new UploadPartCommand({ Bucket, Key: 'c', UploadId, PartNumber: 2, Body: 'part' }));
    const { Parts } = await client.send(new ListPartsCommand({ Bucket, Key: 'c', UploadId }));
    expect(Parts?.map(({ PartNumber, Size }) => [PartNumber, Size])).toEqual([[2, 4]]);
  } finally {
    client.destroy();
  }
}

describeOnServers('over http', (server, name) => {
  it('keeps what it is given, from a user it knows', async () => {
    await roundTrip(server());
    await expect(roundTrip({ ...server(), secretAccessKey: 'wrong' })).rejects.toMatchObject({
      $metadata: { httpStatusCode: 403 },
    });
  });

  it('tells what it was asked for, if it keeps a log', async () => {
    await roundTrip(server());
    const requests = await server().requests?.();
    if (name === 'versitygw') {
      expect(requests).toContainEqual({
        operation: 'UploadPart',
        target: expect.stringMatching(/^\/test-\w+\/c\?.*partNumber=2/),
        status: 200,
      });
    } else expect(requests).toBe(undefined);
  });

  it('answers nothing while it is paused, and everything afterwards', async () => {
    server().pause();
    const answer = roundTrip(server());
    const first = await Promise.race([answer.then(() => 'answer'), delay(200, 'nothing')]);
    server().resume();
    expect(first).toBe('nothing');
    await answer;
  });
});

describeOnServers(
  'over https',
  (server) => {
    it('shows a certificate that can be trusted', async () => {
      expect(server().endpoint).toMatch(/^https:/);
      await roundTrip(server());
      const { certificatePath: _, ...unknown } = server();
      await expect(roundTrip(unknown)).rejects.toThrow(/certificate/);
    });
  },
  { tls: true },
);

describe.each(serverNames.filter(serverAvailable))('%s', (name) => {
  it('goes away with its data, and two can run at once', async () => {
    const [one, other] = await Promise.all([startServer(name), startServer(name)]);
    await Promise.all([roundTrip(one), roundTrip(other)]);
    await one.stop();
    expect(existsSync(one.dataFolder)).toBe(false);
    await expect(roundTrip(one)).rejects.toThrow();
    await roundTrip(other);
    await other.stop();
  });

  it('dies with a process that is killed', async () => {
    const { owner, server } = await startInProcess(name);
    await roundTrip(server);
    owner.kill('SIGKILL');
    await untilGone(server);
    // Its data is removed by the next one that starts a server, in a process of its own.
    expect(existsSync(server.dataFolder)).toBe(true);
    await runScript(`
      import { makeServerFolder } from ${moduleUrl('test/support/servers/server-folder.ts')};
      import { rmdir } from 'node:fs/promises';
      await rmdir(await makeServerFolder());`);
    expect(existsSync(server.dataFolder)).toBe(false);
  });
});

describe.skipIf(!serverAvailable('versitygw'))('where the kernel does not kill the children of the dead', () => {
  // Without a PATH there is no setpriv.
  const before = "process.env.PATH = '';";

  it('a watchdog does', async () => {
    const { owner, server } = await startInProcess('versitygw', { before });
    await roundTrip(server);
    owner.kill('SIGKILL');
    await untilGone(server);
  });

  it('a server is stopped all the same', async () => {
    const { owner, server } = await startInProcess('versitygw', { before, after: 'await server.stop();' });
    await untilGone(server);
    // The folder goes after the process.
    await expect.poll(() => existsSync(server.dataFolder), { timeout: 10_000 }).toBe(false);
    owner.kill('SIGKILL');
  });
});

interface Owned {
  readonly owner: ChildProcess;
  readonly server: Reachable & { readonly dataFolder: string };
}

/** A server whose owner is a process of its own, that can be killed. */
async function startInProcess(name: ServerName, { before = '', after = '' } = {}): Promise<Owned> {
  const owner = startScript(`
    import { startServer } from ${moduleUrl('test/support/servers/start-server.ts')};
    ${before}
    const server = await startServer('${name}');
    console.log(JSON.stringify(server));
    ${after}
    setInterval(() => {}, 1000);`);
  const line = await new Promise<string>((resolve) => {
    owner.stdout!.once('data', (chunk: Buffer) => resolve(chunk.toString()));
  });
  return { owner, server: JSON.parse(line) as Owned['server'] };
}

async function untilGone({ endpoint }: Reachable): Promise<void> {
  await expect.poll(() => fetch(endpoint).then(String, () => 'gone'), { timeout: 20_000 }).toBe('gone');
}
