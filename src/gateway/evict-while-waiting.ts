import type { IntakeMemory } from '../pipelines/intake/intake-memory.ts';
import type { HttpServer } from './http/http-server.ts';

/** How often it is looked whether somebody waits for memory that a slow client holds. */
const lookEveryMs = 1000;

/**
 * Ends transfers that are too slow to be waited for, but only while others wait for memory: nobody is ended for being slow
 * alone.
 *
 * @returns how that ends
 */
export function evictWhileWaiting(
  intake: Pick<IntakeMemory, 'waiting'>,
  server: Pick<HttpServer, 'evictSlowest'>,
): () => void {
  const looking = setInterval(() => {
    if (intake.waiting > 0) server.evictSlowest();
  }, lookEveryMs).unref();
  return () => clearInterval(looking);
}
