import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import type { ServerProcess } from './server-process.ts';

const pollIntervalMs = 5;

/**
 * Waits until something is so, as long as the processes it needs are running.
 *
 * @throws Error with what they printed, if one has ended or the time is over
 */
export async function untilReady(
  what: string,
  processes: readonly ServerProcess[],
  isReady: () => Promise<boolean>,
  limitMs = 30_000,
): Promise<void> {
  const end = performance.now() + limitMs;
  for (;;) {
    const ready = await isReady();
    // In this order: an answer on the port of a server that has ended came from somebody else's.
    const ended = processes.find((process) => !process.running());
    if (ended !== undefined) throw new Error(`${what} ended while it started: ${ended.output().trim()}`);
    if (ready) return;
    if (performance.now() > end) {
      const outputs = processes.map((process) => process.output().trim()).join('\n');
      throw new Error(`${what} was not ready after ${limitMs / 1000} s: ${outputs}`);
    }
    await delay(pollIntervalMs);
  }
}

/** True if an HTTP server answers there, whatever it says unless statuses are given. */
export function answers(url: string, statuses?: readonly number[]): Promise<boolean> {
  return new Promise((resolve) => {
    const send = url.startsWith('https:') ? httpsRequest : httpRequest;
    const request = send(url, { rejectUnauthorized: false, agent: false, timeout: 2000 }, (response) => {
      response.resume();
      resolve(statuses === undefined || statuses.includes(response.statusCode!));
    });
    request.once('timeout', () => request.destroy());
    request.once('error', () => resolve(false));
    request.end();
  });
}
