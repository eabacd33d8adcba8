import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Goal } from './bench.ts';
import { runProcess } from './sealpart-process.ts';

/** Another program that encrypts files. */
export interface Rival {
  readonly name: string;
  /** Encrypts a file to /dev/null, as a process of its own. */
  readonly encrypt: (path: string) => Promise<void>;
  /** How the project has to stand to it. */
  readonly goal?: Goal;
}

/** Why one cannot be measured. */
export interface Missing {
  readonly missing: string;
}

/** The `age` that is on the PATH, with one X25519 recipient. */
export async function ageRival(folder: string): Promise<Rival | Missing> {
  try {
    const { stderr } = await runProcess('age-keygen', ['-o', join(folder, 'age-identity')]);
    const recipient = stderr.match(/age1[0-9a-z]+/)?.[0];
    if (recipient === undefined) throw new Error('age-keygen printed no public key.');
    const encrypt = async (path: string): Promise<void> => {
      await runProcess('age', ['-r', recipient, '-o', '/dev/null', path]);
    };
    return { name: 'age', encrypt };
  } catch (error) {
    return { missing: `Not measured beside age: ${reasonOf(error)}` };
  }
}

/** Exact, so that figures can be compared; never dependencies of the project. */
const packages = { aws: '@aws-crypto/client-node@5.0.2', age: 'age-encryption@0.3.1' };

/** Installs the packages below a folder. */
export async function npmRivals(folder: string): Promise<{ readonly installed: readonly Rival[] } | Missing> {
  const prefix = join(folder, 'rivals');
  try {
    const flags = ['--no-audit', '--no-fund', '--no-save', '--ignore-scripts'];
    await runProcess('npm', ['install', '--prefix', prefix, ...flags, packages.aws, packages.age]);
  } catch (error) {
    return { missing: `Not measured beside packages of npm, which could not be installed: ${reasonOf(error)}` };
  }
  return {
    installed: [
      { ...scripted('@aws-crypto/client-node', 'rival-aws.ts', [prefix]), goal: { atLeast: 3 } },
      scripted('@aws-crypto/client-node, unsigned, 64 KiB frames', 'rival-aws.ts', [prefix, 'tuned']),
      { ...scripted('age-encryption', 'rival-age-encryption.ts', [prefix]), goal: { atLeast: 3 } },
    ],
  };
}

/** @param args what the script takes before the file. */
function scripted(name: string, script: string, args: readonly string[]): Rival {
  const path = fileURLToPath(new URL(`./${script}`, import.meta.url));
  return {
    name,
    encrypt: async (file) => {
      await runProcess(process.execPath, [path, ...args, file]);
    },
  };
}

function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0]!.slice(0, 200);
}
