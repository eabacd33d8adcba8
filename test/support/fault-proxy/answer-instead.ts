import { STATUS_CODES } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { type Exchange, invite } from './exchange.ts';
import type { AnswerAction } from './fault-rule.ts';
import { deliver, fetchAnswer, type WholeAnswer } from './forward.ts';
import { headOf } from './http-head.ts';

/** Answers in the store's place, whenever the action wants it. */
export async function answerInstead(exchange: Exchange, action: AnswerAction): Promise<void> {
  const { client, request, body } = exchange;
  const { afterRequestBytes = 0, readOnMs } = action;
  if (action.forward) await fetchAnswer(exchange);
  else {
    if (afterRequestBytes !== 0) await invite(exchange);
    const enough = afterRequestBytes === 'all' ? Number.POSITIVE_INFINITY : afterRequestBytes;
    while (request.requestBytes < enough && !(await body.next()).done);
  }
  exchange.reached();
  await deliver(exchange, ownAnswer(action));
  if (request.requestWhole) return;
  exchange.last ||= exchange.head.headers.has('expect') && afterRequestBytes === 0;
  const drained = drain(exchange);
  await (readOnMs === undefined
    ? drained
    : Promise.race([drained, delay(readOnMs, undefined, { signal: client.gone })]));
  if (!request.requestWhole) client.destroy();
  // Settles now in any case; a client that has left in the middle of its body is no fault of the exchange.
  await drained;
}

async function drain({ body, client }: Exchange): Promise<void> {
  try {
    while (!(await body.next()).done);
  } catch (error) {
    if (!client.gone.aborted) throw error;
  }
}

function ownAnswer(action: AnswerAction): WholeAnswer {
  const { status, headers = {}, code, message = code } = action;
  const document =
    '<?xml version="1.0" encoding="UTF-8"?>\n' +
    `<Error><Code>${code}</Code><Message>${message}</Message><RequestId>FAULT</RequestId></Error>`;
  const body = Buffer.from(action.body ?? (code === undefined ? '' : document));
  const given = Object.keys(headers).map((name) => name.toLowerCase());
  const defaults = [
    ['Date', new Date().toUTCString()],
    ['Content-Type', 'application/xml'],
    ['Content-Length', String(body.length)],
  ] as const;
  const fields = [...defaults.filter(([name]) => !given.includes(name.toLowerCase())), ...Object.entries(headers)];
  return { head: headOf(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Status'}`, fields), body };
}
