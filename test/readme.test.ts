import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));
const node = process.execPath;

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sealpart-readme-'));
  await writeFile(join(directory, 'notes.txt'), 'what the README is about, and more than ten bytes of it\n');
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function block(language: string): Promise<string> {
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  const found = readme.match(
    new RegExp(`<!-- This block is run by the tests. -->\\n\`\`\`${language}\\n([\\s\\S]*?)\`\`\``),
  );
  if (found === null) throw new Error(`the README has no ${language} block for the tests`);
  return found[1]!;
}

describe('the README', () => {
  it('has an example of the library that runs as it stands', async () => {
    // A package that is this checkout, so that the example imports it by its name.
    const pkg = join(directory, 'node_modules', 'sealpart');
    await mkdir(pkg, { recursive: true });
    await symlink(join(root, 'src'), join(pkg, 'src'));
    await writeFile(join(pkg, 'package.json'), '{"type":"module","exports":"./src/index.ts"}');
    await writeFile(join(directory, 'example.mts'), await block('ts'));
    const { stdout } = await run(node, ['example.mts'], { cwd: directory });
    const content = await readFile(join(directory, 'notes.txt'), 'utf8');
    expect(stdout).toBe(`${content.length} bytes came back\n`);
    expect(await readFile(join(directory, 'notes.back'), 'utf8')).toBe(content);
  });

  it('has commands that work in the order in which they stand', async () => {
    const command = `sealpart() { "${node}" "${join(root, 'src/cli/main.ts')}" "$@"; }\nset -e\n`;
    const { stdout } = await run('bash', ['-c', command + (await block('sh'))], { cwd: directory });
    expect(stdout).toContain('what the R');
    expect(await readFile(join(directory, 'notes.back'), 'utf8')).toBe(
      await readFile(join(directory, 'notes.txt'), 'utf8'),
    );
  });
});
