import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFileSink } from '../../../src/sinks/file-sink.ts';
import { openFileSource } from '../../../src/sources/file-source.ts';
import { makeBucket, type Reachable } from '../../../test/support/servers/s3-client.ts';
import { startVersitygw } from '../../../test/support/servers/versitygw.ts';
import { writeContent } from '../content.ts';
import { startNullS3 } from '../null-s3/start-null-s3.ts';
import { encrypt } from '../pipeline-side.ts';
import { withScratch } from '../scratch.ts';
import { buildSealpart } from '../sealpart-process.ts';

/** What all sides of the comparison share. */
export interface S3Place {
  /** In memory, where there is room. */
  readonly folder: string;
  readonly where: string;
  readonly contentPath: string;
  readonly sizeBytes: number;
  /** Always on disk: what a manifest costs is waiting for it. */
  readonly manifestPath: string;
  /** The command line as it is published, from which the library is loaded too. */
  readonly cliPath: string;
}

export type ServerChoice = 'null' | 'versitygw';

/** A running server, and where in it to work. */
export interface ServedBucket extends Reachable {
  readonly bucket: string;
  stop(): Promise<void>;
}

/**
 * Runs with content, a build of the project and a place for a manifest.
 *
 * @param copies how many times the content must fit beside itself.
 * @returns undefined if there is no room anywhere
 */
export async function withS3Place<T>(
  sizeBytes: number,
  copies: number,
  run: (place: S3Place) => Promise<T>,
): Promise<T | undefined> {
  const disk = await mkdtemp(join(tmpdir(), 'sealpart-bench-'));
  try {
    return await withScratch((copies + 1) * sizeBytes + 2 ** 26, async (folder, where) => {
      const contentPath = join(folder, 'content');
      await writeContent(contentPath, sizeBytes);
      const cliPath = await buildSealpart(folder);
      return run({ folder, where, contentPath, sizeBytes, manifestPath: join(disk, 'manifest.db'), cliPath });
    });
  } finally {
    await rm(disk, { recursive: true, force: true });
  }
}

/** Starts a server; the null one has the content as an encrypted object under every key. */
export async function serve(choice: ServerChoice, { folder, contentPath }: S3Place): Promise<ServedBucket> {
  if (choice === 'versitygw') {
    const server = await startVersitygw({ parentFolder: folder });
    return { ...server, bucket: await makeBucket(server), stop: () => server.stop() };
  }
  const objectPath = join(folder, 'object');
  const source = await openFileSource(contentPath, new AbortController().signal);
  await encrypt(source, await createFileSink(objectPath), 2, { workers: 2 });
  const { endpoint, stop } = await startNullS3({ objectPath });
  return { endpoint, region: 'us-east-1', accessKeyId: 'null', secretAccessKey: 'null', bucket: 'bench', stop };
}
