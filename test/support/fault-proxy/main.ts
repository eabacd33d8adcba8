import { appendFileSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { serveAdmin } from './admin.ts';
import { startFaultProxy } from './fault-proxy.ts';
import type { FaultRule } from './fault-rule.ts';

// A fault proxy in a process of its own: prints where it is as one line of JSON, and runs until it is killed.

const { values } = parseArgs({
  options: {
    upstream: { type: 'string' },
    port: { type: 'string', default: '0' },
    cert: { type: 'string' },
    key: { type: 'string' },
    /** A file that gets a line of JSON for every exchange that has ended. */
    log: { type: 'string' },
    /** A file with a JSON array of rules. */
    rules: { type: 'string' },
    'keep-bodies': { type: 'boolean', default: false },
    /** ACCESS:SECRET:REGION, for rules that sign. */
    credentials: { type: 'string' },
  },
});
const { upstream, log, cert, key } = values;
if (upstream === undefined) throw new Error('usage: main.ts --upstream URL [--port N] [--log FILE] [--rules FILE] …');
const [accessKeyId, secretAccessKey, region] = values.credentials?.split(':') ?? [];
const proxy = await startFaultProxy({
  upstream,
  port: Number(values.port),
  keepBodies: values['keep-bodies'],
  ...(cert && key && { tls: { certificatePath: cert, keyPath: key } }),
  ...(region && { credentials: { accessKeyId: accessKeyId!, secretAccessKey: secretAccessKey!, region } }),
  ...(values.rules && { rules: JSON.parse(readFileSync(values.rules, 'utf8')) as FaultRule[] }),
  ...(log && { onEnd: (request) => appendFileSync(log, `${JSON.stringify(request)}\n`) }),
});
const admin = await serveAdmin(proxy);
console.log(JSON.stringify({ endpoint: proxy.endpoint, admin: admin.endpoint }));
