import { SealpartError } from '../errors.ts';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** Those of which a second one ends the process at once. Nobody asks twice by SIGHUP: one lost terminal sends several. */
const insistent = ['SIGINT', 'SIGTERM'] as const;

export interface Interruption {
  readonly signal: AbortSignal;
  /** Back to how the process treats these signals by itself. */
  stop(): void;
}

/**
 * Turns the first SIGINT, SIGTERM or SIGHUP into an abort, which lets commands remove what they have begun. From then on
 * SIGINT and SIGTERM do what they do by themselves: a second one ends the process at once.
 */
export function listenForSignals(): Interruption {
  const controller = new AbortController();
  const forget = (names: readonly NodeJS.Signals[]): void => {
    for (const name of names) process.removeListener(name, onSignal);
  };
  const onSignal = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted) return;
    forget(insistent);
    const what = `Stopped by ${name}: no output file was written, and what went into a pipe is incomplete.`;
    controller.abort(new SealpartError('aborted', what, { cause: name }));
  };
  for (const name of signals) process.on(name, onSignal);
  return { signal: controller.signal, stop: () => forget(signals) };
}
