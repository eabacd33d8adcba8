#!/usr/bin/env node
import { processStreams } from './process-streams.ts';
import { runCli } from './run-cli.ts';
import { listenForSignals } from './signals.ts';

export { runCli };

if (import.meta.main) {
  const interruption = listenForSignals();
  process.exitCode = await runCli(process.argv.slice(2), process.env, processStreams(), interruption.signal);
  interruption.stop();
}
