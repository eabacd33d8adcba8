import { throwIfAborted } from '../errors.ts';
import { sweepUploads } from '../pipelines/uploads/sweep-uploads.ts';
import type { GatewayGround } from './gateway-ground.ts';

/** How often it is looked for uploads of gateways that are gone. */
const everyMs = 15 * 60_000;
/** An upload that was begun this lately may not have its lock yet. */
const leastAgeMs = 60_000;

/**
 * Aborts uploads that a gateway left which was killed: at once, and then now and again. Their content came from a client,
 * once, so that nobody can go on with them; those that can be gone on with are their owners' to keep.
 *
 * @returns how that ends
 */
export function sweepAbandoned(ground: GatewayGround): () => Promise<void> {
  const stop = new AbortController();
  let running: Promise<void> = Promise.resolve();
  const sweep = (): void => {
    running = running.then(() => sweepOnce(ground, stop.signal));
  };
  sweep();
  const timer = setInterval(sweep, everyMs).unref();
  return async () => {
    clearInterval(timer);
    stop.abort();
    await running;
  };
}

/** Never rejects: a store that is away for now is asked again the next time. */
async function sweepOnce(ground: GatewayGround, signal: AbortSignal): Promise<void> {
  const { store, uploads: manifest, access, clock, onTrouble } = ground;
  const uploads = { manifest, access, clock };
  try {
    throwIfAborted(signal);
    const only = ({ sourceFingerprint }: { readonly sourceFingerprint: string }): boolean => sourceFingerprint === '';
    const { failed } = await sweepUploads({ store, uploads, olderThanMs: leastAgeMs, only }, signal);
    for (const { item, error } of failed) onTrouble?.(`the upload ${item.id} could not be swept`, error);
  } catch (error) {
    if (!signal.aborted) onTrouble?.('abandoned uploads could not be swept', error);
  }
}
