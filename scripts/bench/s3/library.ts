import { pathToFileURL } from 'node:url';

/** As much of the project as a program needs that puts and gets on S3. */
export type Library = Pick<typeof import('../../../src/keys/key-file.ts'), 'keyFileIdentity' | 'keyFileRecipient'> &
  Pick<typeof import('../../../src/manifest/sqlite/open-sqlite-manifest.ts'), 'openSqliteManifest'> &
  Pick<typeof import('../../../src/objects/s3/open-s3-store.ts'), 'openS3Store'> &
  Pick<typeof import('../../../src/pipelines/get-object.ts'), 'getObject'> &
  Pick<typeof import('../../../src/pipelines/put-object.ts'), 'putObject'> &
  Pick<typeof import('../../../src/sinks/null-sink.ts'), 'NullSink'> &
  Pick<typeof import('../../../src/sources/file-source.ts'), 'openFileSource'> &
  Pick<typeof import('../../../src/sources/memory-source.ts'), 'createMemorySource'> &
  Pick<typeof import('../../../src/workers/frame-pool.ts'), 'createFramePool'>;

const modules = [
  'keys/key-file',
  'manifest/sqlite/open-sqlite-manifest',
  'objects/s3/open-s3-store',
  'pipelines/get-object',
  'pipelines/put-object',
  'sinks/null-sink',
  'sources/file-source',
  'sources/memory-source',
  'workers/frame-pool',
] as const;

/**
 * Loads the project as it is published: from its source, each thread that a run starts would strip types first.
 *
 * @param folder where its compiled modules are.
 */
export async function loadLibrary(folder: string): Promise<Library> {
  const loaded = await Promise.all(modules.map((path) => import(pathToFileURL(`${folder}/${path}.js`).href)));
  return Object.assign({}, ...loaded) as Library;
}
