import type { AccessKeys } from '../gateway/access/access-keys.ts';
import type { ReadConfig } from '../gateway/config/read-gateway-config.ts';
import type { Gateway } from '../gateway/gateway.ts';
import type { CliContext } from './cli-context.ts';
import { type AccessSource, accessText, readAccess } from './gateway-access.ts';
import type { AccessLog } from './gateway-access-log.ts';
import { takeHangups } from './gateway-hangup.ts';
import { readTls } from './gateway-tls.ts';
import type { Report } from './report.ts';
import { describeError } from './report-error.ts';

/** What SIGHUP reads again, and what it is for. */
export interface Reloaded {
  readonly read: ReadConfig;
  readonly gateway: Gateway;
  readonly accessSource: AccessSource;
  readonly accessKeys: AccessKeys;
  readonly accessLog: AccessLog | undefined;
}

/** Waits for the signal that ends a gateway, and reads again at SIGHUP what can change while it runs. */
export async function serveUntilStopped(reloaded: Reloaded, report: Report, context: CliContext): Promise<void> {
  const { streams, signal } = context;
  let reloading: Promise<void> = Promise.resolve();
  const reason = await new Promise<string>((resolve) => {
    const stop = (why: string): void => {
      release();
      signal.removeEventListener('abort', aborted);
      resolve(why);
    };
    const aborted = (): void => stop(signalName(signal));
    const release = takeHangups(streams.errors.isTerminal, {
      // One after the other: what was read last counts.
      reload: () => {
        reloading = reloading.then(() => reload(reloaded, report));
      },
      terminalGone: () => stop('the end of its terminal'),
    });
    signal.addEventListener('abort', aborted);
    if (signal.aborted) aborted();
  });
  const wait = `${reloaded.read.config.stopTimeout / 1000} s`;
  report.note(`stopping at ${reason}: requests have ${wait} to end`, { stopping: { reason } });
  await reloading;
}

function signalName({ reason }: AbortSignal): string {
  const cause: unknown = reason instanceof Error ? reason.cause : undefined;
  return typeof cause === 'string' ? cause : 'a request of its caller';
}

/** Each by itself: a certificate that is broken does not keep an access key alive that was taken back. */
async function reload({ read, gateway, accessSource, accessKeys, accessLog }: Reloaded, report: Report): Promise<void> {
  accessLog?.reopen();
  await attempt('the access keys stay as they were', report, async () => {
    const { document, warnings } = await readAccess(accessSource);
    accessKeys.replace(document);
    const text = accessText(accessKeys);
    report.note(`read again: ${text}`, { reloaded: { access: text } });
    return warnings;
  });
  await attempt('the certificate stays as it was', report, async () => {
    const { tls, warnings } = await readTls(read, Date.now());
    if (tls === undefined) return warnings;
    gateway.replaceTls(tls);
    report.note('read again: the certificate', { reloaded: { tls: true } });
    return warnings;
  });
}

async function attempt(otherwise: string, report: Report, run: () => Promise<readonly string[]>): Promise<void> {
  try {
    for (const warning of await run()) report.note(`warning: ${warning}`, { warning });
  } catch (error) {
    const { code, message } = describeError(error);
    report.failure(`${otherwise}: ${code}: ${message}`, { error: { code, message, otherwise } });
  }
}
