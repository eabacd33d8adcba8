/** How often at most: a collection takes the main thread some ten milliseconds. */
const lookEveryMs = 1000;
/** Address space that is never touched: it takes no memory, and V8 counts it as if it did. */
const noticeBytes = 128 * 2 ** 20;

/**
 * Has V8 collect garbage as long as the process has more than so many bytes and requests come. What node:crypto keeps of a
 * cipher, a MAC or a key is outside of the heap and hardly counted there: measured, 6 KiB of it stay for each small GET
 * until the whole heap is collected, for which V8 sees no reason for tens of thousands of requests. A large block that is
 * made and dropped is one. How much is garbage does not show: the allocator keeps what is freed, and gives it out again.
 *
 * @param requests how many there were so far.
 * @returns how that ends
 */
export function collectGarbageAbove(limitBytes: number, requests: () => number): () => void {
  let seen = requests();
  const looking = setInterval(() => {
    const now = requests();
    if (now !== seen && process.memoryUsage.rss() > limitBytes) new ArrayBuffer(noticeBytes);
    seen = now;
  }, lookEveryMs).unref();
  return () => clearInterval(looking);
}
