import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** What a folder of src may import from, and why no more. */
interface Layer {
  /** Folders, files of src, or packages. Its own folder is always allowed. */
  readonly imports: readonly string[];
  readonly because: string;
}

const base = ['errors.ts', 'assert.ts'];
const interfaces = ['sources/source.ts', 'sources/seekable.ts', 'sinks/sink.ts', 'objects/object-store.ts'];
const records = [
  'manifest/manifest.ts',
  'manifest/upload-manifest.ts',
  'manifest/object-records.ts',
  'manifest/host-keys.ts',
];
const below = {
  crypto: [...base, 'format', 'crypto'],
  segments: [...base, 'format', 'flow', 'crypto', 'workers'],
};

/** Imports point one way. A folder that is not listed here fails the check: a new room needs a place in the house. */
export const layers: Readonly<Record<string, Layer>> = {
  'errors.ts': { imports: [], because: 'everything stands on it' },
  'assert.ts': { imports: [], because: 'everything stands on it' },
  format: { imports: [...base, 'node:zlib'], because: 'it parses: pure, synchronous, without keys or I/O' },
  flow: { imports: base, because: 'it bounds and orders, and knows no word of what flows' },
  crypto: { imports: [...base, 'format', 'node:crypto'], because: 'it computes over bytes, without I/O' },
  keys: {
    imports: [...below.crypto, 'flow', 'node:crypto', 'node:util', '@hpke/core'],
    because: 'it wraps data keys, and does not know what they encrypt',
  },
  workers: {
    imports: [...below.crypto, 'flow', 'node:crypto', 'node:path', 'node:worker_threads', 'node:zlib', 'piscina'],
    because: 'it computes what it is given, and decides nothing',
  },
  segments: { imports: [...below.segments, 'node:zlib'], because: 'it orchestrates one segment, without I/O' },
  sources: {
    imports: [...base, 'flow', 'node:*'],
    because: 'it is an interface to pipelines, and its implementations',
  },
  sinks: {
    imports: [...base, 'flow', 'sources', 'node:*'],
    because: 'it is an interface to pipelines, and its implementations; how I/O fails is told in sources',
  },
  sqlite: { imports: [...base, 'node:sqlite', 'node:url'], because: 'it is what both users of SQLite know of it' },
  objects: {
    imports: [...base, 'flow', 'sqlite', 'node:*', '@aws-sdk', '@smithy'],
    because: 'storage never sees a key',
  },
  manifest: {
    imports: [...base, 'flow', 'sqlite', 'crypto/manifest-records.ts', 'objects/object-store.ts', 'node:*'],
    because: 'it keeps what pipelines have sealed and authenticated, and never sees a key but a host key in its file',
  },
  pipelines: {
    imports: [
      ...below.segments,
      'keys',
      'segments',
      ...interfaces,
      ...records,
      'node:crypto',
      'node:os',
      'node:zlib',
      'p-queue',
    ],
    because: 'it owns lifecycles, and is given sources, sinks and stores by who composes a program',
  },
  's3-protocol': {
    imports: [...base, 'node:crypto', 'node:zlib', '@node-rs/crc32', 'hash-wasm'],
    because: 'it is S3 as text and bytes, without I/O: node:zlib and the two packages compute checksums',
  },
  gateway: {
    imports: [
      ...below.segments,
      'keys',
      'segments',
      'pipelines',
      's3-protocol',
      ...interfaces,
      'objects/bucket-store.ts',
      ...records,
      'node:*',
      'p-queue',
      'pino',
      'prom-client',
      'zod',
    ],
    because:
      'it answers requests with what pipelines do, and is given its store and its records by who composes a program',
  },
  'one-shot.ts': { imports: [...base, 'keys', 'pipelines', 'sources', 'sinks'], because: 'it composes' },
  'index.ts': { imports: ['*'], because: 'it is the doorway' },
  cli: { imports: ['*'], because: 'it composes the program' },
};

/** Things that only one room may touch. */
const reserved: readonly { readonly pattern: RegExp; readonly rooms: readonly string[]; readonly because: string }[] = [
  { pattern: /\bprocess\.(env|argv)\b/, rooms: ['cli'], because: 'configuration is read in one place' },
  { pattern: /\bprocess\.exit\b/, rooms: [], because: 'a library does not end the process' },
  { pattern: /\bconsole\./, rooms: ['cli'], because: 'a library does not print' },
];

const importPattern =
  /(?:^|\n)\s*(?:import|export)\s[^;'"]*?from\s+'([^']+)'|(?:^|\n)\s*import\s+'([^']+)'|\bimport\(\s*'([^']+)'/g;

/** One line for each import, or word, that stands where it must not. Paths are relative to src. */
export function checkLayers(files: ReadonlyMap<string, string>): string[] {
  const faults: string[] = [];
  for (const [path, text] of files) {
    const room = roomOf(path);
    const layer = layers[room];
    if (layer === undefined) {
      faults.push(`src/${path}: there is no layer ${room}: give it a place in scripts/check-layers.ts`);
      continue;
    }
    for (const target of importsOf(path, text)) {
      if (!isAllowed(room, layer, target))
        faults.push(`src/${path} imports ${target}, but ${room} may not: ${layer.because}`);
    }
    const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, '');
    for (const { pattern, rooms, because } of reserved) {
      if (pattern.test(code) && !rooms.includes(room)) faults.push(`src/${path} has ${pattern.source}: ${because}`);
    }
  }
  return faults;
}

function roomOf(path: string): string {
  return path.split('/')[0]!;
}

function importsOf(path: string, text: string): string[] {
  return [...text.matchAll(importPattern)].map((match) => {
    const target = (match[1] ?? match[2] ?? match[3])!;
    return target.startsWith('.') ? normalize(join(dirname(path), target)) : target;
  });
}

function isAllowed(room: string, { imports }: Layer, target: string): boolean {
  // Inside of src, nobody comes in through the front door.
  if (target === 'index.ts') return false;
  if (roomOf(target) === room) return true;
  return imports.some((allowed) => {
    if (allowed === '*' || allowed === target) return true;
    return allowed === 'node:*' ? target.startsWith('node:') : target.startsWith(`${allowed}/`);
  });
}

/** Every TypeScript file below a folder, by its path in it. */
export async function readTree(root: string): Promise<Map<string, string>> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const paths = entries.filter((e) => e.isFile() && e.name.endsWith('.ts')).map((e) => join(e.parentPath, e.name));
  const texts = await Promise.all(
    paths.map(async (path) => [relative(root, path), await readFile(path, 'utf8')] as const),
  );
  return new Map(texts.sort(([a], [b]) => (a < b ? -1 : 1)));
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const files = await readTree(fileURLToPath(new URL('../src', import.meta.url)));
  const faults = checkLayers(files);
  for (const fault of faults) console.log(fault);
  console.log(`${files.size} files, ${faults.length} imports in the wrong direction`);
  if (faults.length > 0) process.exitCode = 1;
}
