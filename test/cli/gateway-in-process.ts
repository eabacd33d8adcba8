import { Command, CommanderError } from 'commander';
import type { CliContext } from '../../src/cli/cli-context.ts';
import { exitCodeOf } from '../../src/cli/exit-codes.ts';
import { gatewayCommand } from '../../src/cli/gateway.ts';
import type { OpenGateway } from '../../src/cli/gateway-run.ts';
import { reportError } from '../../src/cli/report-error.ts';
import { SealpartError } from '../../src/errors.ts';
import type { GatewayOptions } from '../../src/gateway/gateway.ts';

/** A run of `sealpart gateway` inside of this process, over a gateway that answers nothing. */
export interface GatewayRun {
  /** What was opened; waits until it is. */
  readonly options: Promise<GatewayOptions>;
  /** Certificates that were given later. */
  readonly certificates: string[];
  readonly ended: Promise<number>;
  stderr(): string;
  out(): string;
  stop(): void;
}

export interface GatewayRunOptions {
  /** Folders of a user: everything that is not given lies in them. */
  readonly home: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly open?: OpenGateway;
}

/** Starts it. What it is given as settings is all that there is: nothing of this process's own environment. */
export function startInProcess(args: readonly string[], { home, env = {}, open }: GatewayRunOptions): GatewayRun {
  const controller = new AbortController();
  const written: Uint8Array[] = [];
  const certificates: string[] = [];
  const opened = Promise.withResolvers<GatewayOptions>();
  let stderr = '';
  const context: CliContext = {
    argv: ['gateway', ...args],
    env: { HOME: home, ...env },
    signal: controller.signal,
    streams: {
      openStandardInput: () => {
        throw new Error('a gateway reads no standard input');
      },
      openStandardOutput: () => ({
        name: 'standard output',
        irreversible: true,
        writeTentative: async (bytes) => void written.push(bytes.slice()),
        commitSegment: async () => undefined,
        rollbackSegment: async () => undefined,
        finish: async () => undefined,
        abort: async () => undefined,
      }),
      outputIsTerminal: false,
      errors: {
        write: (text) => {
          stderr += text;
        },
        isTerminal: false,
        columns: 80,
      },
    },
  };
  const silent: OpenGateway = async (options) => {
    opened.resolve(options);
    return {
      url: `${options.tls === undefined ? 'http' : 'https'}://${options.listen.host}:${options.listen.port}`,
      adminUrl: options.adminListen === undefined ? undefined : `http://${options.adminListen.host}:9`,
      peakBytes: 300 * 2 ** 20,
      replaceTls: ({ cert }) => void certificates.push(cert),
      close: async () => undefined,
    };
  };
  const ended = run(gatewayCommand(context, open ?? silent), context);
  // A run that ends before it has opened anything fails whoever waits for that.
  ended.then(() => opened.reject(new Error(`the gateway ended: ${stderr}`)), opened.reject);
  opened.promise.catch(() => undefined);
  return {
    options: opened.promise,
    certificates,
    ended,
    stderr: () => stderr,
    out: () => Buffer.concat(written).toString(),
    stop: () => controller.abort(new SealpartError('aborted', 'Stopped by SIGTERM.', { cause: 'SIGTERM' })),
  };
}

async function run(command: Command, context: CliContext): Promise<number> {
  const program = new Command('sealpart').exitOverride().configureOutput({ writeErr: () => undefined });
  command.copyInheritedSettings(program);
  try {
    await program.addCommand(command).parseAsync([...context.argv], { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) throw error;
    reportError(error, context.streams.errors, context.argv.includes('--json'));
    return exitCodeOf(error, context.signal);
  }
}
