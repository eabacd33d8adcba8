import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { until } from '../cli/cli-process.ts';
import { findMarkedBlock, markedContent, randomLooking } from '../support/content.ts';
import { noteFault } from '../support/fault-log.ts';
import { openWatchedGateway, type WatchedGateway } from '../support/gateway/watched-gateway.ts';
import type { S3Server } from '../support/servers/s3-server.ts';
import { serverAvailable, startServer } from '../support/servers/start-server.ts';

// H17 and H21 end to end: what becomes of a body while its object is replaced, and while everybody reads slowly.

const mib = 2 ** 20;
const Bucket = 'bucket';

async function opened(behind?: S3Server, memoryBytes = 32 * mib): Promise<WatchedGateway> {
  const gateway = await openWatchedGateway({ ...(behind && { behind }), options: { memoryBytes } });
  onTestFinished(() => gateway.stop());
  await gateway.client.send(new CreateBucketCommand({ Bucket }));
  return gateway;
}

async function bodyOf(client: S3Client, Key: string): Promise<Readable> {
  return (await client.send(new GetObjectCommand({ Bucket, Key }))).Body as Readable;
}

describe('H17: an object that is replaced while it is read', () => {
  it.each(['dir', 'versitygw'] as const)('breaks off, and nothing of the new one is in it: over %s', async (over) => {
    if (over === 'versitygw' && !serverAvailable(over)) return;
    await using server = over === 'versitygw' ? await startServer(over) : undefined;
    const gateway = await opened(server);
    const [old, new_] = ['old', 'new'].map((name) => Buffer.from(randomLooking(40 * mib, name))) as [Buffer, Buffer];
    await gateway.client.send(new PutObjectCommand({ Bucket, Key: 'k', Body: old }));
    const body = await bodyOf(gateway.client, 'k');
    const pieces: Buffer[] = [];
    let replaced = 0;
    let received = 0;
    let broken: unknown;
    try {
      for await (const piece of body as AsyncIterable<Buffer>) {
        pieces.push(Buffer.from(piece));
        received += piece.length;
        if (received < 2 * mib || replaced > 0) continue;
        await gateway.client.send(new PutObjectCommand({ Bucket, Key: 'k', Body: new_ }));
        replaced++;
      }
    } catch (error) {
      broken = error;
    }
    expect(broken).toBeInstanceOf(Error);
    const got = Buffer.concat(pieces);
    expect([got.length < old.length, got.equals(old.subarray(0, got.length))]).toEqual([true, true]);
    // Who reads again gets the new one, all of it.
    const again: Buffer[] = [];
    for await (const piece of (await bodyOf(gateway.client, 'k')) as AsyncIterable<Buffer>) again.push(piece);
    expect(Buffer.concat(again).equals(new_)).toBe(true);
    await until(async () => (await gateway.inUse()) === 0);
    noteFault({
      id: 'H17',
      injected: `a PUT during a GET, ${over}`,
      reached: replaced,
      outcome: 'broken off, not mixed',
    });
  });
});

describe('H21: slow readers of different objects', () => {
  it('each get their own bytes, whoever waits for whom', async () => {
    // Little memory, so that all of it is used again and again.
    const gateway = await opened();
    const readers = 16;
    const sizeBytes = 3 * mib + 4096;
    for (let owner = 0; owner < readers; owner++) {
      const Body = markedContent(sizeBytes, owner);
      await gateway.client.send(new PutObjectCommand({ Bucket, Key: `of/${owner}`, Body }));
    }
    const stalled = await bodyOf(gateway.client, 'of/0');
    let waits = 0;
    const readSlowly = async (owner: number): Promise<void> => {
      const expected = Buffer.from(markedContent(sizeBytes, owner));
      let at = 0;
      for await (const piece of (await bodyOf(gateway.client, `of/${owner}`)) as AsyncIterable<Buffer>) {
        const isOwn = piece.equals(expected.subarray(at, at + piece.length));
        expect(isOwn, `reader ${owner} at ${at}, a block at ${findMarkedBlock(piece)}`).toBe(true);
        at += piece.length;
        if (++waits % (owner + 2) === 0) await delay(owner % 4);
      }
      expect(at).toBe(sizeBytes);
    };
    const writing = gateway.client.send(
      new PutObjectCommand({ Bucket, Key: 'beside', Body: markedContent(9 * mib, 99) }),
    );
    await Promise.all([...Array.from({ length: readers }, (_, owner) => readSlowly(owner)), writing]);
    stalled.on('error', () => undefined).destroy();
    await until(async () => (await gateway.inUse()) === 0);
    noteFault({
      id: 'H21',
      injected: 'slow readers over the whole gateway',
      reached: waits,
      outcome: 'their own bytes',
    });
  });
});
