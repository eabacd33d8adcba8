import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

// Below the range from which systems draw the local ports of connections, so that none of those takes it meanwhile.
const lowest = 15_000;
const highest = 32_000;

/** A port of 127.0.0.1 on which nothing listened a moment ago. Somebody else may be quicker: see {@link onFreePorts}. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(lowest, highest);
    const probe = createServer();
    try {
      probe.listen(port, '127.0.0.1');
      await once(probe, 'listening');
      return port;
    } catch {
      // It is taken, so another one is tried.
    } finally {
      probe.close();
    }
  }
}

/** Starts something on free ports, again on others as long as somebody else was quicker. */
export async function onFreePorts<T>(count: number, start: (ports: readonly number[]) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    const ports = await Promise.all(Array.from({ length: count }, freePort));
    try {
      return await start(ports);
    } catch (error) {
      const taken = error instanceof Error && /already in use/i.test(error.message);
      if (!taken || attempt === 5) throw error;
    }
  }
}
