import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { until } from './cli-process.ts';
import type { GatewayRun } from './gateway-in-process.ts';

export const certificate: string = new URL('../support/tls/localhost-cert.pem', import.meta.url).pathname;
export const certificateKey: string = new URL('../support/tls/localhost-key.pem', import.meta.url).pathname;
export const secret = 'qvJ6tVxw0Fz3LhN8rYcA5eUk2mSdPb7G';
export const noPorts: readonly string[] = ['--listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0'];

export function accessFile(ids: readonly string[]): string {
  return JSON.stringify({ keys: ids.map((id) => ({ id, secret, rules: [{ access: 'read' }] })) });
}

/** Starts, and stops when it is told. */
export async function started(run: GatewayRun): Promise<GatewayRun> {
  await run.options;
  await until(() => run.stderr().includes('access key'));
  return run;
}

export async function stopped(run: GatewayRun): Promise<GatewayRun> {
  await started(run);
  run.stop();
  expect(await run.ended).toBe(0);
  return run;
}

export async function keyFile(folder: string, name = 'a.key', digits = 'ab'): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, `${digits.repeat(32)}\n`, { mode: 0o600 });
  return path;
}
