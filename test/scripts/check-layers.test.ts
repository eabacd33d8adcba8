import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { checkLayers, readTree } from '../../scripts/check-layers.ts';

function faultsOf(path: string, text: string): string[] {
  return checkLayers(new Map([[path, text]]));
}

describe('the layers of src', () => {
  it('import one way', async () => {
    const files = await readTree(fileURLToPath(new URL('../../src', import.meta.url)));
    expect(files.size).toBeGreaterThan(50);
    expect(checkLayers(files)).toEqual([]);
  });

  it.each([
    ['format/a.ts', "import { x } from '../crypto/b.ts';"],
    ['format/a.ts', "import { createHash } from 'node:crypto';"],
    ['crypto/a.ts', "import { open } from 'node:fs/promises';"],
    ['objects/a.ts', "import { openHeader } from '../keys/open-header.ts';"],
    ['pipelines/a.ts', "import { createFileSink } from '../sinks/file-sink.ts';"],
    ['segments/a.ts', "export { x } from '../pipelines/b.ts';"],
    ['flow/a.ts', "const { x } = await import('../format/b.ts');"],
    ['cli/a.ts', "import { encryptStream } from '../index.ts';"],
    ['helpers/a.ts', 'export {};'],
    ['pipelines/a.ts', 'const home = process.env.HOME;'],
    ['workers/a.ts', "console.log('here');"],
    ['cli/a.ts', 'process.exit(1);'],
  ])('are crossed by %s: %s', (path, text) => {
    expect(faultsOf(path, text)).toHaveLength(1);
  });

  it.each([
    ['pipelines/a.ts', "import type { Sink } from '../sinks/sink.ts';"],
    ['crypto/a.ts', "import { x } from '../format/b.ts';\nimport { y } from './c.ts';"],
    ['workers/a.ts', '// console.log is for the command line.\nexport {};'],
  ])('allow %s: %s', (path, text) => {
    expect(faultsOf(path, text)).toEqual([]);
  });
});
