import type { AccessKeys } from '../gateway/access/access-keys.ts';
import { isLoopbackHost } from '../gateway/config/address.ts';
import type { Gateway } from '../gateway/gateway.ts';
import { accessText } from './gateway-access.ts';
import type { MadeKeys } from './gateway-own-keys.ts';
import type { Report } from './report.ts';

/** What the start tells. */
export interface GatewayStart {
  readonly gateway: Gateway;
  readonly listenHost: string;
  readonly storeName: string;
  readonly manifestName: string;
  readonly accessKeys: AccessKeys;
  /** Where access keys come from, in words. */
  readonly accessFrom: string;
  readonly made: MadeKeys;
  readonly warnings: readonly string[];
}

/** Says what runs where, and for whom. */
export function tellStart(start: GatewayStart, report: Report): void {
  const { gateway, listenHost, storeName, manifestName, accessKeys, accessFrom } = start;
  const { url, adminUrl, peakBytes } = gateway;
  const local = isLoopbackHost(listenHost);
  const subject = { url, ...(adminUrl === undefined ? {} : { adminUrl }), store: storeName, manifest: manifestName };
  report.start({
    subject,
    text: `${url}${local ? ' (for this machine only)' : ''} in front of ${storeName}`,
    peakBytes,
  });
  const admin = adminUrl === undefined ? 'no health and metrics' : `health and metrics at ${adminUrl}`;
  report.note(`${manifestName}; ${admin}`, { manifest: manifestName, adminUrl: adminUrl ?? null });
  const who = accessText(accessKeys);
  report.note(`${who} (${accessFrom})`, { access: { keys: accessKeys.size, from: accessFrom, text: who } });
  for (const warning of [...start.warnings, ...warningsOf(url, local, adminUrl)]) {
    report.note(`warning: ${warning}`, { warning });
  }
  if (start.made.accessKey !== undefined) tellFirstSteps(url, report);
}

function warningsOf(url: string, local: boolean, adminUrl: string | undefined): string[] {
  const warnings: string[] = [];
  if (!local && url.startsWith('http:')) {
    warnings.push(
      'content crosses the network in the clear: give --tls-cert and --tls-key, or listen on 127.0.0.1 behind what has them',
    );
  }
  const adminHost = adminUrl === undefined ? 'localhost' : new URL(adminUrl).hostname.replace(/^\[|\]$/g, '');
  if (!isLoopbackHost(adminHost)) warnings.push(`whoever reaches ${adminUrl} sees the metrics, without a key`);
  return warnings;
}

/**
 * Says what was made for a user's own store: once, as it is made, so that it is told also if the start fails after it.
 * The secret is not told where programs read reports.
 */
export function tellMade({ keyFile, accessKey }: MadeKeys, region: string, report: Report): void {
  if (keyFile !== undefined) {
    const text = `made ${keyFile}: KEEP A COPY OF IT somewhere else. Without it nothing in the store can be read again.`;
    report.note(text, { made: { keyFile } });
  }
  if (accessKey === undefined) return;
  const { id, secret, file } = accessKey;
  report.note(`made an access key, told only now; it stands in ${file}:`, {
    made: { accessKeys: file, accessKeyId: id },
  });
  if (report.json) return;
  report.note(`  export AWS_ACCESS_KEY_ID=${id}`, {});
  report.note(`  export AWS_SECRET_ACCESS_KEY=${secret}`, {});
  report.note(`  export AWS_DEFAULT_REGION=${region}`, {});
}

/** For whoever has just got an access key. */
function tellFirstSteps(url: string, report: Report): void {
  if (report.json) return;
  report.note('to try it, in another terminal, after the three lines with export:', {});
  report.note(`  aws --endpoint-url ${url} s3 mb s3://first`, {});
  report.note(`  aws --endpoint-url ${url} s3 cp README.md s3://first/`, {});
}
