/** A signal that fires with the first of several. */
export interface LinkedSignal {
  readonly signal: AbortSignal;
  /** Lets go of the others: they outlive this one, and would remember it. */
  unlink(): void;
}

/** Follows signals until it is unlinked. */
export function linkSignals(...sources: readonly AbortSignal[]): LinkedSignal {
  const controller = new AbortController();
  const listeners = sources.map((source) => {
    const onAbort = (): void => controller.abort(source.reason);
    if (source.aborted) onAbort();
    else source.addEventListener('abort', onAbort, { once: true });
    return () => source.removeEventListener('abort', onAbort);
  });
  return {
    signal: controller.signal,
    unlink: () => {
      for (const remove of listeners) remove();
    },
  };
}
