import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startServerProcess } from '../servers/server-process.ts';
import { type FaultProxy, type FaultProxyOptions, type RuleHandle, whenReached } from './fault-proxy.ts';
import type { FaultRule, RuleCounts } from './fault-rule.ts';
import type { ProxiedRequest } from './proxied-request.ts';

const main: string = fileURLToPath(new URL('./main.ts', import.meta.url));

export interface FaultProxyProcessOptions extends Omit<FaultProxyOptions, 'onEnd'> {
  /** A file that gets a line of JSON for every exchange that has ended. */
  readonly logFile?: string;
}

/**
 * The same proxy in a process of its own, which shares no event loop with the client under test and counts on when that
 * is killed. Its rules can have no `where`.
 */
export async function startFaultProxyProcess(options: FaultProxyProcessOptions): Promise<FaultProxy> {
  const child = await startServerProcess(process.execPath, [main, ...argumentsOf(options)]);
  let admin: string;
  let endpoint: string;
  try {
    ({ admin, endpoint } = JSON.parse(await firstLine(child)) as { admin: string; endpoint: string });
  } catch (error) {
    await child.stop();
    throw error;
  }
  const command = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(`${admin}${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`The fault proxy refused ${method} ${path}: ${text}`);
    return JSON.parse(text);
  };
  const addRule = async (rule: FaultRule): Promise<RuleHandle> => {
    if (rule.match?.where) throw new TypeError('A rule for a proxy in another process cannot have a function.');
    const id = (await command('POST', '/rules', rule)) as number;
    const counts = (): Promise<RuleCounts> => command('GET', `/rules/${id}`) as Promise<RuleCounts>;
    return {
      counts,
      whenReached: (times, limitMs) => whenReached(counts, times, limitMs),
      remove: async () => void (await command('DELETE', `/rules/${id}`)),
    };
  };
  for (const rule of options.rules ?? []) await addRule(rule);
  return {
    endpoint,
    addRule,
    log: () => command('GET', '/log') as Promise<ProxiedRequest[]>,
    clearLog: async () => void (await command('DELETE', '/log')),
    refuse: async (refused) => void (await command('POST', '/refuse', refused)),
    stop: () => child.stop(),
    [Symbol.asyncDispose]: () => child.stop(),
  };
}

function argumentsOf({ upstream, port, tls, keepBodies, credentials, logFile }: FaultProxyProcessOptions): string[] {
  return [
    ...['--upstream', upstream, '--port', String(port ?? 0)],
    ...(tls ? ['--cert', tls.certificatePath, '--key', tls.keyPath] : []),
    ...(keepBodies ? ['--keep-bodies'] : []),
    ...(logFile ? ['--log', logFile] : []),
    ...(credentials
      ? ['--credentials', [credentials.accessKeyId, credentials.secretAccessKey, credentials.region].join(':')]
      : []),
  ];
}

async function firstLine(server: { output(): string; running(): boolean }): Promise<string> {
  for (;;) {
    const output = server.output();
    const line = output.split('\n').find((each) => each.startsWith('{'));
    if (line !== undefined && output.includes(`${line}\n`)) return line;
    if (!server.running()) throw new Error(`The fault proxy ended: ${output}`);
    await delay(5);
  }
}
