import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { Option } from 'commander';
import type { Environment } from './cli-context.ts';
import { flagValue } from './parse-values.ts';
import { UsageError } from './usage-error.ts';

/** Where it is written down what was sent of uploads. */
export type ManifestChoice = { readonly kind: 'none' } | { readonly kind: 'sqlite'; readonly path: string };

export interface ManifestFlag {
  readonly manifest?: ManifestChoice;
}

export function manifestOption(text: string): Option {
  return new Option('--manifest <where>', text).argParser(flagValue(parseManifest));
}

/** @throws UsageError */
export function parseManifest(text: string): ManifestChoice {
  if (text === 'none') return { kind: 'none' };
  const path = text.startsWith('sqlite:') ? text.slice('sqlite:'.length) : '';
  if (path !== '') return { kind: 'sqlite', path };
  throw new UsageError(`"${text}" is no manifest. Write sqlite:PATH, or none to do without.`);
}

/** This user's own folder for what programs remember (XDG Base Directory Specification), and in it ours. */
export function stateFolder(env: Environment): string {
  const { XDG_STATE_HOME: given, HOME: home } = env;
  // A relative path is to be ignored, says the specification.
  const base = given !== undefined && isAbsolute(given) ? given : join(home || homedir(), '.local', 'state');
  return join(base, 'sealpart');
}

/** The manifest's file, absolute; undefined to do without. */
export function manifestPath(choice: ManifestChoice | undefined, env: Environment): string | undefined {
  if (choice === undefined) return join(stateFolder(env), 'manifest.db');
  return choice.kind === 'none' ? undefined : resolve(choice.path);
}

/** Keys of this host's uploads: never beside a manifest that was put elsewhere, where others might read both. */
export function hostKeysFolder(env: Environment): string {
  return join(stateFolder(env), 'host-keys');
}
