import { STATUS_CODES } from 'node:http';
import { assert } from '../../assert.ts';
import type { AnswerIds } from '../../s3-protocol/errors/error-document.ts';
import type { GatewayAnswer } from './gateway-answer.ts';

/** What stands before the body of an answer. */
export interface AnswerHead {
  readonly status: number;
  /** Names and values in turn. */
  readonly fields: string[];
  /** Bytes that follow; 0 where none may. */
  readonly bodyBytes: number;
}

/** What the server says of itself, and of how an answer ends. */
const ours: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'date',
  'keep-alive',
  'server',
  'transfer-encoding',
  'x-amz-id-2',
  'x-amz-request-id',
]);

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
// What is above a byte would be cut to one, and could become a line's end by that.
const value = /^[\t\x20-\x7e\x80-\xff]*$/;

/**
 * The head of an answer. Values that come from keys, metadata or a store are looked at byte by byte: a line's end in one
 * would begin a header, or an answer, of its author's own.
 *
 * @throws AssertionError for a header that cannot be sent, and a status that is no answer
 */
export function answerHead(answer: GatewayAnswer, ids: AnswerIds, method: string, closes: boolean): AnswerHead {
  const { status, headers, body } = answer;
  assert(status >= 200 && status <= 599, `${status} is no status of an answer`);
  const fields = ['Server', 'Sealpart', 'x-amz-request-id', ids.requestId, 'x-amz-id-2', ids.hostId];
  let givenLength: string | undefined;
  for (const [name, text] of headers) {
    assert(token.test(name), 'the name of a header is a token');
    assert(value.test(text), `the header ${name} has bytes that no header may have`);
    const lower = name.toLowerCase();
    if (lower === 'content-length') givenLength = text;
    if (!ours.has(lower)) fields.push(name, text);
  }
  if (closes) fields.push('Connection', 'close');
  const bytes = body === undefined ? 0 : body instanceof Uint8Array ? body.length : body.lengthBytes;
  if (status === 204 || status === 304) return { status, fields, bodyBytes: 0 };
  if (method === 'HEAD') {
    const told = givenLength ?? (body === undefined ? undefined : String(bytes));
    if (told !== undefined) fields.push('Content-Length', told);
    return { status, fields, bodyBytes: 0 };
  }
  // The last of all: node:http spoils a Content-Disposition in latin1 that comes after it.
  fields.push('Content-Length', String(bytes));
  return { status, fields, bodyBytes: bytes };
}

/** An answer as bytes, for connections whose request could not be read. The connection is closed after it. */
export function rawAnswer(answer: GatewayAnswer, ids: AnswerIds, date: Date): Buffer {
  const { status, fields } = answerHead(answer, ids, 'GET', true);
  assert(answer.body === undefined || answer.body instanceof Uint8Array, 'a refusal has its body in memory');
  let text = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Unknown'}\r\nDate: ${date.toUTCString()}\r\n`;
  for (let i = 0; i < fields.length; i += 2) text += `${fields[i]}: ${fields[i + 1]}\r\n`;
  const head = Buffer.from(`${text}\r\n`, 'latin1');
  return answer.body === undefined ? head : Buffer.concat([head, answer.body]);
}
