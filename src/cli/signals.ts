import { SealpartError } from '../errors.ts';

const signals = ['SIGINT', 'SIGTERM'] as const;

export interface Interruption {
  readonly signal: AbortSignal;
  /** Back to how the process treats these signals by itself. */
  stop(): void;
}

/**
 * Turns the first SIGINT or SIGTERM into an abort, which lets commands remove what they have begun. From then on the
 * signals do what they do by themselves: a second one ends the process at once.
 */
export function listenForSignals(): Interruption {
  const controller = new AbortController();
  const stop = (): void => {
    for (const name of signals) process.removeListener(name, onSignal);
  };
  const onSignal = (name: NodeJS.Signals): void => {
    stop();
    const what = `Stopped by ${name}: no output file was written, and what went into a pipe is incomplete.`;
    controller.abort(new SealpartError('aborted', what, { cause: name }));
  };
  for (const name of signals) process.on(name, onSignal);
  return { signal: controller.signal, stop };
}
