import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './run-tests.ts';

/** Where all files cause faults. */
const folders = ['test/faults', 'test/e2e'];
/** Where some do, among tests of other things. */
const mixedFolders = ['test/gateway'];

/** The test files that cause faults, as paths from the project's root. */
export function faultTestFiles(): string[] {
  const mixed = mixedFolders.flatMap(testFilesIn).filter((path) => textOf(path).includes('noteFault'));
  return [...folders.flatMap(testFilesIn), ...mixed];
}

export function textOf(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

function testFilesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
    .sort();
}
