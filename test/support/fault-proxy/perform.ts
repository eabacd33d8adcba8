import { setTimeout as delay } from 'node:timers/promises';
import { changeBody } from './alter.ts';
import { answerInstead } from './answer-instead.ts';
import { breakOff, type Exchange, invite, stall } from './exchange.ts';
import type {
  AlterAnswerAction,
  AlterRequestAction,
  BlanksAction,
  DuplicateAction,
  FaultAction,
  ResetAction,
  StallAction,
} from './fault-rule.ts';
import { answered, deliver, fetchAnswer, forward, type Replacement, tellHead, type WholeAnswer } from './forward.ts';
import { collect } from './http-body.ts';
import { changeHeaders, headOf } from './http-head.ts';
import { signAgain } from './sign-again.ts';

/** Carries a request through, and does to it what a rule says. */
export async function perform(exchange: Exchange, action: FaultAction | undefined): Promise<void> {
  switch (action?.do) {
    case undefined:
      return forward(exchange);
    case 'answer':
      return answerInstead(exchange, action);
    case 'reset':
    case 'stall':
      return interrupt(exchange, action);
    case 'slow': {
      exchange.reached();
      const { request, answer } = action;
      return forward(exchange, {
        request: request === undefined ? {} : { bytesPerSecond: request },
        answer: answer === undefined ? {} : { bytesPerSecond: answer },
      });
    }
    case 'alterAnswer':
      return alterAnswer(exchange, action);
    case 'alterRequest':
      return alterRequest(exchange, action);
    case 'blanks':
      return blanks(exchange, action);
    case 'duplicate':
      return duplicate(exchange, action);
  }
}

async function interrupt(exchange: Exchange, action: ResetAction | StallAction): Promise<void> {
  const { at, afterBytes = 0 } = action;
  const act = (): Promise<void> =>
    action.do === 'reset' ? breakOff(exchange, action.how ?? 'reset') : stall(exchange, action.forMs);
  const shape = { step: { afterBytes, act } };
  if (at === 'request') return forward(exchange, { request: shape });
  if (at === 'answer') return forward(exchange, { answer: shape });
  if (at === 'start') {
    await act();
    return forward(exchange);
  }
  const answer = await fetchAnswer(exchange);
  await act();
  await deliver(exchange, reframed(answer, exchange));
}

async function alterAnswer(exchange: Exchange, action: AlterAnswerAction): Promise<void> {
  const whole = reframed(await fetchAnswer(exchange), exchange);
  const body = changeBody(whole.body, action.body ?? {});
  const announced = action.length === 'announced' || exchange.request.method === 'HEAD';
  const sized = announced ? whole.head : changeHeaders(whole.head, { 'content-length': String(body.length) });
  const { fields, firstLine } = changeHeaders(sized, action.headers ?? {});
  const first = action.status === undefined ? firstLine : `HTTP/1.1 ${action.status} Changed`;
  exchange.reached();
  await deliver(exchange, { head: headOf(first, fields), body });
}

/** An answer that came in chunks can be given back with its length, now that it is known. */
function reframed({ head, body }: WholeAnswer, { request }: Exchange): WholeAnswer {
  if (request.method === 'HEAD' || !head.headers.has('transfer-encoding')) return { head, body };
  return { head: changeHeaders(head, { 'transfer-encoding': null, 'content-length': String(body.length) }), body };
}

async function alterRequest(exchange: Exchange, action: AlterRequestAction): Promise<void> {
  const { head, body } = await collectRequest(exchange);
  let changed = changeHeaders(head, action.headers ?? {});
  if (action.sign) {
    if (exchange.credentials === undefined) throw new Error('A proxy without credentials cannot sign.');
    changed = signAgain(changed, exchange.credentials);
  }
  exchange.reached();
  await deliver(
    exchange,
    reframed(await fetchAnswer(exchange, { head: changed, body: changeBody(body, action.body ?? {}) }), exchange),
  );
}

async function duplicate(
  exchange: Exchange,
  { deliver: which = 'second', delayMs = 0 }: DuplicateAction,
): Promise<void> {
  const request = await collectRequest(exchange);
  const first = await fetchAnswer(exchange, request);
  await delay(delayMs, undefined, { signal: exchange.client.gone });
  const second = await fetchAnswer(exchange, request);
  exchange.reached();
  await deliver(exchange, reframed(which === 'first' ? first : second, exchange));
}

async function collectRequest(exchange: Exchange): Promise<Replacement> {
  await invite(exchange);
  const body = await collect(exchange.body);
  return { head: changeHeaders(exchange.head, { expect: null }), body };
}

async function blanks(exchange: Exchange, action: BlanksAction): Promise<void> {
  const { client, request } = exchange;
  let document: Buffer = Buffer.alloc(0);
  if (action.forward === false) {
    await invite(exchange);
    await collect(exchange.body);
  } else document = (await fetchAnswer(exchange)).body;
  const fields = [
    ['Content-Type', 'application/xml'],
    ['Transfer-Encoding', 'chunked'],
  ] as const;
  await tellHead(exchange, headOf('HTTP/1.1 200 OK', fields));
  for (let count = 0; count < action.count; count += 1) {
    if (count > 0) await delay(action.intervalMs ?? 0, undefined, { signal: client.gone });
    await client.write('1\r\n \r\n');
    request.answerBytes += 1;
  }
  if (action.ending === 'reset') await breakOff(exchange, 'reset');
  exchange.reached();
  if (action.ending === 'answer' && document.length > 0) {
    await client.write(
      Buffer.concat([Buffer.from(`${document.length.toString(16)}\r\n`), document, Buffer.from('\r\n')]),
    );
    request.answerBytes += document.length;
  }
  await client.write('0\r\n\r\n');
  answered(exchange, false);
}
