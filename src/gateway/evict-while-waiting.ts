import type { HttpServer } from './http/http-server.ts';

/** How often it is looked whether somebody waits for memory that a slow client holds. */
const lookEveryMs = 1000;

/**
 * Ends transfers that are too slow to be waited for, but only while others wait for memory: nobody is ended for being slow
 * alone.
 *
 * @param memories those through which content goes to and from clients.
 * @returns how that ends
 */
export function evictWhileWaiting(
  memories: readonly { readonly waiting: number }[],
  server: Pick<HttpServer, 'evictSlowest'>,
): () => void {
  const looking = setInterval(() => {
    if (memories.some(({ waiting }) => waiting > 0)) server.evictSlowest();
  }, lookEveryMs).unref();
  return () => clearInterval(looking);
}
