import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname } from 'node:path';
import { cleanBuckets } from './clean-buckets.ts';
import type { S3Endpoint } from './s3-endpoint.ts';
import { suitePath } from './suite.ts';

/** How one case went. */
export interface CaseResult {
  readonly name: string;
  readonly verdict: 'passed' | 'failed' | 'crashed' | 'timed out';
  /** What the case said, if it did not pass. */
  readonly why: string;
}

const limitMs = 60_000;

/**
 * Runs one case in a process of its own. One that fails is tried once more with the suite told that objects may have
 * versions, and so to remove them when it clears up: which of the two a case is written for it does not say.
 */
export async function runCase(name: string, endpoint: S3Endpoint): Promise<CaseResult> {
  const plain = await attempt(name, endpoint, []);
  if (plain.verdict === 'passed') return plain;
  const versioned = await attempt(name, endpoint, ['--versioning-enabled']);
  return versioned.verdict === 'passed' ? versioned : plain;
}

async function attempt(name: string, endpoint: S3Endpoint, options: readonly string[]): Promise<CaseResult> {
  const { url, accessKeyId, secretAccessKey } = endpoint;
  const who = ['--access', accessKeyId, '--secret', secretAccessKey, '--endpoint', url, '--allow-insecure'];
  const child = spawn(suitePath(), ['test', ...who, name, ...options], {
    // Cases that need users call the program by this name to make them.
    cwd: dirname(suitePath()),
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, AWS_CA_BUNDLE: undefined, AWS_PROFILE: undefined },
  });
  let output = '';
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-256 * 1024);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const timer = setTimeout(() => child.kill('SIGKILL'), limitMs);
  const [exitCode, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  clearTimeout(timer);
  const result = judge(name, stripColours(output), exitCode, signal);
  if (result.verdict !== 'passed') await cleanBuckets(endpoint, `test-bucket-${child.pid}-`);
  return result;
}

function judge(name: string, output: string, exitCode: number | null, signal: NodeJS.Signals | null): CaseResult {
  if (signal === 'SIGKILL') return { name, verdict: 'timed out', why: `It did not end within ${limitMs / 1000} s.` };
  const lines = output.split('\n');
  if (exitCode === 0 && lines.some((line) => line.startsWith('PASS ')) && !/^FAIL /m.test(output)) {
    return { name, verdict: 'passed', why: '' };
  }
  const panic = lines.find((line) => line.startsWith('panic:'));
  if (panic !== undefined) return { name, verdict: 'crashed', why: panic.slice(0, 300) };
  const said = lines.find((line) => line.startsWith('FAIL ')) ?? lines.findLast((line) => line.trim() !== '') ?? '';
  return { name, verdict: 'failed', why: said.replace(/^FAIL +\S+:? */, '').slice(0, 300) };
}

function stripColours(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is how colours begin
  return text.replace(/\u001b\[[0-9;]*m/g, '');
}
