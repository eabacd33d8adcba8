import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { clientPath } from '../../scripts/clients/client-place.ts';
import { ClientProcess } from '../support/clients/client-process.ts';
import { sha256Of, treeFiles, writeSample, writeTree } from '../support/clients/sample-files.ts';
import type { ScenarioGround } from './client-scenarios.ts';
import { reportMissing } from './report-missing.ts';

/** A backup program: it makes a repository in the bucket, and reads back what it wrote there. */
export function resticScenario(ground: () => ScenarioGround): void {
  describe('restic', () => {
    const path = clientPath('restic');
    if (path === undefined) {
      reportMissing('restic');
      return;
    }
    it('backs up, checks and restores', async () => {
      const { endpoint, bucket, folder: parent } = ground();
      const folder = await mkdtemp(join(parent, 'restic-'));
      const tree = join(folder, 'tree');
      await writeTree(tree);
      await writeSample(join(tree, 'sample'), 12);
      const { url, caFile, region } = endpoint;
      const trust = caFile === undefined ? [] : ['--cacert', caFile];
      const restic = new ClientProcess([path, '--repo', `s3:${url}/${bucket}/restic`, ...trust], {
        HOME: folder,
        RESTIC_PASSWORD: 'of a test',
        AWS_ACCESS_KEY_ID: endpoint.accessKeyId,
        AWS_SECRET_ACCESS_KEY: endpoint.secretAccessKey,
        AWS_DEFAULT_REGION: region,
      });
      await restic.run(['-o', 's3.bucket-lookup=path', 'init']);
      await restic.run(['-o', 's3.bucket-lookup=path', 'backup', tree]);
      expect(await restic.text(['-o', 's3.bucket-lookup=path', 'check', '--read-data'])).toContain(
        'no errors were found',
      );
      await restic.run(['-o', 's3.bucket-lookup=path', 'restore', 'latest', '--target', join(folder, 'back')]);
      for (const name of [...Object.keys(treeFiles), 'sample']) {
        expect(await sha256Of(join(folder, 'back', tree, name)), name).toBe(await sha256Of(join(tree, name)));
      }
      expect(restic.complaints()).toBe('');
    });
  });
}
