/**
 * Marks work whose outcome somebody will await, but perhaps not before it has failed: until then its failure is nobody's
 * unhandled rejection.
 */
export function awaitedLater<T>(work: Promise<T>): Promise<T> {
  work.catch(() => undefined);
  return work;
}
