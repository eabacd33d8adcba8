import { assert } from '../../assert.ts';
import { escapeForEveryParser } from '../xml/escape-text.ts';
import type { S3Error } from './s3-error.ts';

/** What names one answer in the client's log and in ours. */
export interface AnswerIds {
  readonly requestId: string;
  readonly hostId: string;
}

/** The media type of every document that is answered. */
export const xmlMediaType = 'application/xml';

/**
 * The document that tells a client of an error. Its cause is not in it, and what a client sent (keys, header values)
 * stands in it escaped, whatever it holds. Answers to HEAD and with status 304 have no body, this one neither.
 *
 * @param ids undefined for what was no request: then they stand in the headers of the answer alone.
 */
export function errorDocument(error: S3Error, ids: AnswerIds | undefined): string {
  const named = ids === undefined ? {} : { RequestId: ids.requestId, HostId: ids.hostId };
  const fields = { Code: error.code, Message: error.message, ...error.fields, ...named };
  const elements = Object.entries(fields).map(([name, value]) => element(name, value));
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Error>${elements.join('')}</Error>`;
}

function element(name: string, value: string): string {
  assert(/^[A-Za-z][A-Za-z0-9-]*$/.test(name), `${name} is no name for an element of an error`);
  return `<${name}>${escapeForEveryParser(value)}</${name}>`;
}
