import { type DestinationStream, type Logger, pino } from 'pino';
import { SealpartError } from '../../errors.ts';
import { describeError } from './describe-error.ts';

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

export interface LoggerOptions {
  readonly level: LogLevel;
  /** A path, a file descriptor (1: standard output), or a stream that takes lines of JSON. */
  readonly destination: string | number | DestinationStream;
  /** Stands in every line. */
  readonly name?: string;
}

/** A log: lines of JSON, written when there is time. */
export interface OpenLogger {
  readonly logger: Logger;
  /** Opens the file again, which somebody else has moved away. Does nothing for what is no file. */
  reopen(): void;
  /** Writes what is left. */
  close(): Promise<void>;
}

/** Names under which a secret could come into a line by mistake, two levels deep. */
const secretNames = [
  'authorization',
  'cookie',
  'secretAccessKey',
  'secret',
  'sessionToken',
  'securityToken',
  'passphrase',
  'password',
  'dataKey',
  'privateKey',
  '["x-amz-security-token"]',
];
const redactedPaths = secretNames.flatMap((name) =>
  name.startsWith('[') ? [name, `*${name}`, `*.*${name}`] : [name, `*.${name}`, `*.*.${name}`],
);

/**
 * Opens a log.
 *
 * @throws SealpartError `io` if its file cannot be opened
 */
export async function openLogger({ level, destination, name }: LoggerOptions): Promise<OpenLogger> {
  const options = {
    level,
    ...(name === undefined ? {} : { name }),
    // The process and its host are known to whoever collects the lines.
    base: name === undefined ? null : { name },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: redactedPaths, censor: '[redacted]' },
    serializers: { err: (error: unknown) => describeError(error) },
    formatters: { level: (label: string) => ({ level: label }) },
  };
  if (typeof destination === 'object') {
    return { logger: pino(options, destination), reopen: () => {}, close: async () => {} };
  }
  const file = pino.destination({ dest: destination, sync: false, mkdir: true });
  await new Promise<void>((resolve, reject) => {
    file.once('ready', resolve);
    file.once('error', (cause: Error) => {
      reject(new SealpartError('io', `The log ${destination} cannot be opened: ${cause.message}.`, { cause }));
    });
  });
  return {
    logger: pino(options, file),
    reopen: () => {
      if (typeof destination === 'string') file.reopen();
    },
    close: () =>
      new Promise((resolve) => {
        file.once('close', resolve);
        file.end();
      }),
  };
}
