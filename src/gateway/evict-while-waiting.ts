import type { HttpServer } from './http/http-server.ts';

/** How often it is looked whether somebody waits for memory that a slow client holds. */
const lookEveryMs = 1000;
/** How soon after a transfer was ended: it has given its memory back by then, and others may still wait for more. */
const lookAgainMs = 100;

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
  let timer: NodeJS.Timeout | undefined;
  const look = (): void => {
    const hasEnded = memories.some(({ waiting }) => waiting > 0) && server.evictSlowest();
    timer = setTimeout(look, hasEnded ? lookAgainMs : lookEveryMs).unref();
  };
  timer = setTimeout(look, lookEveryMs).unref();
  return () => clearTimeout(timer);
}
