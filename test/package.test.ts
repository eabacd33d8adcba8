import { execFile } from 'node:child_process';
import { copyFile, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { loadedAtStart } from './support/loaded-at-start.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));

/** What a user of the library calls. */
const named = [
  'abortUpload',
  'createFileSink',
  'createMemoryManifest',
  'decryptStream',
  'encryptStream',
  'getObject',
  'listLeftovers',
  'openDirectoryStore',
  'openHostKeys',
  'openSqliteManifest',
  'putObject',
  'resumeUpload',
  'sweepUploads',
  'verifyObjectStructure',
];

describe('the package', () => {
  it('loads nothing of AWS with its main entry, and has the S3 store under a path of its own', async () => {
    const main = [...(await loadedAtStart(join(root, 'src/index.ts')))];
    expect(main).toContain('piscina');
    expect(main.filter((name) => /aws-sdk|smithy|objects\/s3|\bcommander\b/.test(name))).toEqual([]);
    const { exports } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
      exports: Record<string, { types: string; default: string }>;
    };
    const s3 = exports['./s3']!.default.replace('./dist/', 'src/').replace(/\.js$/, '.ts');
    expect([...(await loadedAtStart(join(root, s3)))]).toContain('@aws-sdk/client-s3');
  });

  it('is imported by its names as it is built', async () => {
    const folder = await temporaryDirectory();
    const pkg = join(folder, 'node_modules/sealpart');
    await mkdir(pkg, { recursive: true });
    await copyFile(join(root, 'package.json'), join(pkg, 'package.json'));
    await symlink(join(root, 'node_modules'), join(pkg, 'node_modules'));
    const tsc = join(root, 'node_modules/.bin/tsc');
    await run(tsc, ['-p', join(root, 'tsconfig.build.json'), '--outDir', join(pkg, 'dist')]);
    await writeFile(
      join(folder, 'user.mts'),
      `import * as library from 'sealpart';
       import type { HostKeys, KnownObject, ObjectReadOptions, UploadEvent, UploadManifest, UploadOptions } from 'sealpart';
       import { openS3Store, type S3StoreOptions } from 'sealpart/s3';
       const manifest: UploadManifest = library.createMemoryManifest();
       const uploads: UploadOptions = { manifest, onEvent: (event: UploadEvent): void => void event };
       export type Used = HostKeys | KnownObject | ObjectReadOptions | S3StoreOptions;
       console.log(JSON.stringify([typeof openS3Store, Object.keys(uploads), Object.keys(library)]));\n`,
    );
    await symlink(join(root, 'node_modules/@types'), join(folder, 'node_modules/@types'));
    const flags = ['--strict', '--noEmit', '--module', 'nodenext', '--target', 'es2024', '--skipLibCheck'];
    await run(tsc, [...flags, '--types', 'node', 'user.mts'], { cwd: folder });
    const { stdout } = await run(process.execPath, ['user.mts'], { cwd: folder });
    const [s3, keys, names] = JSON.parse(stdout) as [string, string[], string[]];
    expect([s3, keys]).toEqual(['function', ['manifest', 'onEvent']]);
    expect(names).toEqual(expect.arrayContaining(named));
    const cli = await run(process.execPath, [join(pkg, 'dist/cli/main.js'), '--version']);
    expect(cli.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});
