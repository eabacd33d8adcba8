import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClientEndpoint } from '../support/clients/client-endpoint.ts';
import { type ClientKind, clientKinds } from '../support/clients/client-kinds.ts';
import { sha256Of, treeFiles, writeSample, writeTree } from '../support/clients/sample-files.ts';
import { seedKeys } from '../support/clients/seed-keys.ts';
import { sendPlainly } from '../support/clients/send-plainly.ts';
import { isPathLike, type TestedClient } from '../support/clients/tested-client.ts';
import { makeBucket } from '../support/servers/s3-client.ts';
import { reportMissing } from './report-missing.ts';
import { resticScenario } from './restic-scenario.ts';

/** A server for clients to be pointed at. */
export interface ScenarioEndpoint extends ClientEndpoint {
  /** True if what lies behind takes keys for paths, and so cannot have all of them. */
  readonly keysArePaths?: boolean;
  stop(): Promise<void>;
}

/** The client that sends 300 MiB in one PutObject; the others send 20, which is more than a segment too. */
const longestSender = 'boto3';
const seededKeys = 2500;

/** What a client says of content that came back other than it was sent, or that it cannot vouch for. */
const complaint = /checksum|etag|digest|md5|sha256|corrupt|mismatch|integrity|truncat|warn|differ/i;

/** What all scenarios of one endpoint share. */
export interface ScenarioGround {
  readonly endpoint: ScenarioEndpoint;
  readonly bucket: string;
  readonly folder: string;
}

/**
 * Defines what real clients do with a server: each of them, in a bucket that they share. One that this machine lacks is
 * skipped under its name, or, with SEALPART_REQUIRE_CLIENTS=1, fails.
 */
export function clientScenarios(title: string, start: () => Promise<ScenarioEndpoint>): void {
  describe(title, () => {
    let ground: ScenarioGround;
    beforeAll(async () => {
      const folder = await mkdtemp(join(tmpdir(), 'sealpart-clients-'));
      const endpoint = await start();
      const { url, region, accessKeyId, secretAccessKey, caFile } = endpoint;
      const server = {
        endpoint: url,
        region,
        accessKeyId,
        secretAccessKey,
        ...(caFile && { certificatePath: caFile }),
      };
      const bucket = await makeBucket(server);
      await seedKeys(server, bucket, 'seeded/', seededKeys);
      ground = { endpoint, bucket, folder };
    });
    afterAll(async () => {
      await ground?.endpoint.stop();
      if (ground !== undefined) await rm(ground.folder, { recursive: true, force: true });
    });
    for (const kind of clientKinds) {
      if (kind.isHere) describe(kind.name, () => scenariosOf(kind, () => ground));
      else reportMissing(kind.name);
    }
    resticScenario(() => ground);
  });
}

function scenariosOf(kind: ClientKind, ground: () => ScenarioGround): void {
  let client: TestedClient;
  let folder: string;
  const prefix = `${kind.name.replace(/\W/g, '')}/`;
  const file = (name: string): string => join(folder, name);

  beforeAll(async () => {
    folder = await mkdtemp(join(ground().folder, 'client-'));
    client = await kind.open(ground().endpoint, folder);
  });
  afterAll(async () => {
    await client?.close?.();
  });

  const lengthMiB = kind.name === longestSender ? 300 : 20;
  it(`puts ${lengthMiB} MiB in one request and gets them back, whole and in pieces`, async () => {
    const { bucket } = ground();
    await writeSample(file('sample'), lengthMiB);
    await client.put(bucket, `${prefix}sample`, file('sample'), { colour: 'blue', 'two-words': 'a b' });
    await client.get(bucket, `${prefix}sample`, file('back'));
    expect(await sha256Of(file('back'))).toBe(await sha256Of(file('sample')));
    if (client.metadata) {
      expect(await client.metadata(bucket, `${prefix}sample`)).toMatchObject({ colour: 'blue', 'two-words': 'a b' });
    }
    if (client.getRange) {
      const start = 9 * 2 ** 20 - 5;
      const sample = await readFile(file('sample'));
      const piece = await client.getRange(bucket, `${prefix}sample`, start, start + 70_010);
      expect(piece.equals(sample.subarray(start, start + 70_010))).toBe(true);
    }
    await Promise.all([rm(file('sample')), rm(file('back'))]);
  }, 180_000);

  it.skipIf(kind.name.includes('boto3') || kind.name.includes('sdk'))(
    'sends what is new and nothing twice',
    async () => {
      const { bucket } = ground();
      await writeTree(file('tree'));
      const names = Object.keys(treeFiles).sort();
      expect(await client.sync!(file('tree'), bucket, `${prefix}tree/`)).toBe(names.length);
      expect(await client.sync!(file('tree'), bucket, `${prefix}tree/`)).toBe(0);
      const listed = await client.list(bucket, `${prefix}tree/`);
      expect(listed.map((key) => key.slice(`${prefix}tree/`.length)).sort()).toEqual(names);
      await client.get(bucket, `${prefix}tree/deep/er/plus+and%41`, file('back'));
      expect(await sha256Of(file('back'))).toBe(await sha256Of(file('tree/deep/er/plus+and%41')));
      await writeFile(file('tree/large.bin'), 'shorter');
      expect(await client.sync!(file('tree'), bucket, `${prefix}tree/`)).toBe(1);
    },
  );

  it('keeps odd keys as they are', async () => {
    const { bucket } = ground();
    const base = `${prefix}odd/`;
    const keys = ground().endpoint.keysArePaths ? kind.oddKeys.filter((key) => !isPathLike(key)) : kind.oddKeys;
    for (const key of keys) {
      await writeFile(file('odd'), key);
      await client.put(bucket, base + key, file('odd'));
    }
    expect([...(await client.list(bucket, base))].sort()).toEqual(keys.map((key) => base + key).sort());
    for (const key of keys) {
      await client.get(bucket, base + key, file('odd back'));
      expect(await readFile(file('odd back'), 'utf8')).toBe(key);
    }
    // All but one at once, and that one by its name.
    await client.remove(bucket, base + keys[0]!);
    await client.removeAll(bucket, base);
    expect(await client.list(bucket, base)).toEqual([]);
  });

  it(`lists ${seededKeys} keys`, async () => {
    const listed = await client.list(ground().bucket, 'seeded/');
    expect(listed).toHaveLength(seededKeys);
    expect(new Set(listed).size).toBe(seededKeys);
  });

  it('signs URLs that others use', async () => {
    const { bucket, endpoint } = ground();
    const content = Buffer.from(`content of ${kind.name}`);
    const key = `${prefix}signed url+plus`;
    if (client.presignPut) {
      const url = await client.presignPut(bucket, key);
      expect((await sendPlainly(url, { method: 'PUT', body: content, caFile: endpoint.caFile })).status).toBe(200);
    } else {
      await writeFile(file('signed'), content);
      await client.put(bucket, key, file('signed'));
    }
    if (client.presignGet === undefined) return;
    const got = await sendPlainly(await client.presignGet(bucket, key), { caFile: endpoint.caFile });
    expect([got.status, got.body.toString()]).toEqual([200, content.toString()]);
  });

  it('has nothing to complain of', async () => {
    expect(client.complaints()).not.toMatch(complaint);
  });
}
