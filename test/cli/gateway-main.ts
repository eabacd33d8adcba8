import { Command } from 'commander';
import { gatewayCommand } from '../../src/cli/gateway.ts';
import type { OpenGateway } from '../../src/cli/gateway-run.ts';
import { processStreams } from '../../src/cli/process-streams.ts';
import { listenForSignals } from '../../src/cli/signals.ts';

/** A gateway that answers nothing, and that takes GATEWAY_CLOSE_MS to end; without that, the command opens its own. */
const silent: OpenGateway = async ({ listen }) => {
  // Something that keeps the process alive, as a server does.
  const alive = setInterval(() => undefined, 1000);
  return {
    url: `http://${listen.host}:${listen.port}`,
    adminUrl: undefined,
    peakBytes: 2 ** 20,
    replaceTls: () => undefined,
    close: async () => {
      await new Promise((resolve) => setTimeout(resolve, Number(process.env.GATEWAY_CLOSE_MS)));
      clearInterval(alive);
    },
  };
};

const interruption = listenForSignals();
const argv = process.argv.slice(2);
const command = gatewayCommand(
  { argv, env: process.env, streams: processStreams(), signal: interruption.signal },
  process.env.GATEWAY_CLOSE_MS === undefined ? undefined : silent,
);
await new Command().addCommand(command).parseAsync(['gateway', ...argv], { from: 'user' });
interruption.stop();
