import { mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SealpartError } from '../../../src/errors.ts';
import type { GatewayRequest } from '../../../src/gateway/http/gateway-request.ts';
import type { AccessNote } from '../../../src/gateway/http/http-ground.ts';
import { RequestFactsBook } from '../../../src/gateway/request-facts.ts';
import { GatewayMetrics } from '../../../src/gateway/telemetry/gateway-metrics.ts';
import { openLogger } from '../../../src/gateway/telemetry/open-logger.ts';
import { RequestTelemetry } from '../../../src/gateway/telemetry/request-telemetry.ts';
import { s3Error } from '../../../src/s3-protocol/errors/s3-error.ts';

const request: GatewayRequest = {
  method: 'GET',
  target: '/b/k?X-Amz-Signature=topsecret&X-Amz-Credential=AKID',
  headers: [
    ['User-Agent', 'aws-cli/2'],
    ['Authorization', 'topsecret'],
  ],
  requestId: '0123456789ABCDEF',
  hostId: 'host',
  remoteAddress: '127.0.0.1',
  secure: false,
  body: { lengthBytes: 0, receivedBytes: 0, next: async () => undefined },
};

const note: AccessNote = {
  request,
  requestId: request.requestId,
  remoteAddress: '127.0.0.1',
  status: 200,
  receivedBytes: 0,
  sentBytes: 123,
  durationMs: 1.26,
  outcome: 'sent',
};

interface Line {
  readonly level: string;
  readonly msg?: string;
  readonly [name: string]: unknown;
}

async function telemetry(): Promise<{
  lines: Line[];
  over: RequestTelemetry;
  facts: RequestFactsBook;
  metrics: GatewayMetrics;
}> {
  const lines: Line[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line) as Line) };
  const { logger } = await openLogger({ level: 'debug', destination });
  const facts = new RequestFactsBook();
  const metrics = new GatewayMetrics();
  return { lines, facts, metrics, over: new RequestTelemetry({ log: logger, accessLog: logger, metrics, facts }) };
}

describe('what is noted of a request', () => {
  it('is a line, and a count', async () => {
    const { lines, over, facts, metrics } = await telemetry();
    Object.assign(facts.of(request), { accessKeyId: 'AKID', operation: 'GetObject', bucket: 'b', key: 'k' });
    over.over(note);
    expect(lines).toEqual([
      {
        level: 'info',
        time: expect.any(String),
        requestId: '0123456789ABCDEF',
        remote: '127.0.0.1',
        accessKeyId: 'AKID',
        operation: 'GetObject',
        bucket: 'b',
        key: 'k',
        method: 'GET',
        target: '/b/k?X-Amz-Signature=REDACTED&X-Amz-Credential=REDACTED',
        status: 200,
        outcome: 'sent',
        receivedBytes: 0,
        sentBytes: 123,
        ms: 1.3,
        agent: 'aws-cli/2',
      },
    ]);
    expect(JSON.stringify(lines)).not.toContain('topsecret');
    const text = await metrics.text();
    expect(text).toContain('sealpart_requests_total{operation="GetObject",status="200"} 1');
    expect(text).toContain('sealpart_body_bytes_total{direction="out"} 123');
    expect(text).toContain('sealpart_integrity_failures_total 0');
  });

  it('says why it failed: to us, with its causes', async () => {
    const { lines, over, facts, metrics } = await telemetry();
    const cause = s3Error('ServiceUnavailable', {}, new SealpartError('store', 'The store has gone.'));
    facts.of(request).refusal = { told: cause, cause };
    over.over({ ...note, status: 503 });
    expect(lines[0]).toMatchObject({ level: 'error', requestId: note.requestId, err: { cause: { code: 'store' } } });
    expect(lines[1]).toMatchObject({ level: 'info', status: 503, error: 'ServiceUnavailable' });
    expect(await metrics.text()).toContain('sealpart_backend_errors_total{kind="store"} 1');
  });

  it('counts what was refused as no integrity, before the first byte and after', async () => {
    const { lines, over, facts, metrics } = await telemetry();
    const cause = new SealpartError('frame-auth', 'A frame is not what was written.');
    facts.of(request).refusal = { told: s3Error('InternalError', {}, cause), cause };
    over.over({ ...note, status: 500 });
    over.over({ ...note, request: undefined, outcome: 'broken', failure: cause });
    expect(lines.filter(({ level }) => level === 'error').map(({ msg }) => msg)).toEqual([
      'a request failed',
      'an answer broke after it had begun',
    ]);
    expect(await metrics.text()).toContain('sealpart_integrity_failures_total 2');
  });

  it('makes no noise of what clients do', async () => {
    const { lines, over, facts } = await telemetry();
    for (const code of ['NoSuchKey', 'SlowDown', 'NotImplemented'] as const) {
      const told = s3Error(code);
      facts.of(request).refusal = { told, cause: told };
      over.over({ ...note, status: told.status });
    }
    over.over({ ...note, request: undefined, status: 400, failure: s3Error('BadRequest') });
    expect(lines.map(({ level }) => level)).toEqual(['debug', 'info', 'debug', 'info', 'debug', 'info', 'info']);
    expect(lines[6]).toMatchObject({ error: 'BadRequest', status: 400 });
  });
});

describe('a log', () => {
  it('takes out what has the name of a secret', async () => {
    const lines: string[] = [];
    const { logger } = await openLogger({ level: 'info', destination: { write: (line) => void lines.push(line) } });
    logger.info({ authorization: 'topsecret', a: { secretAccessKey: 'topsecret', b: { passphrase: 'topsecret' } } });
    logger.info({ headers: { 'x-amz-security-token': 'topsecret', cookie: 'topsecret' } });
    expect(lines).toHaveLength(2);
    expect(lines.join()).not.toContain('topsecret');
  });

  it('is a file, which can be moved away', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sealpart-log-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const path = join(folder, 'logs', 'gateway.log');
    const log = await openLogger({ level: 'info', destination: path });
    log.logger.info('one');
    await new Promise((resolve) => setTimeout(resolve, 50));
    await rename(path, `${path}.1`);
    log.reopen();
    await new Promise((resolve) => setTimeout(resolve, 50));
    log.logger.info('two');
    await log.close();
    expect(await readFile(`${path}.1`, 'utf8')).toContain('one');
    expect(await readFile(path, 'utf8')).toContain('two');
    const inFile = openLogger({ level: 'info', destination: join(path, 'no-folder', 'log') });
    await expect(inFile).rejects.toMatchObject({ code: 'io' });
  });
});
