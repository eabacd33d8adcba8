import type { Connection } from './connection.ts';

const maxHeadBytes = 128 * 2 ** 10;
const endOfHead = Buffer.from('\r\n\r\n');

/** How long a body is, as its head says. */
export type Framing =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly bytes: number }
  | { readonly kind: 'chunked' }
  | { readonly kind: 'until-close' };

/** The lines before a body. */
export interface Head {
  readonly firstLine: string;
  /** As they were written, in order. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** By lower-case name; of several, the last. */
  readonly headers: ReadonlyMap<string, string>;
}

/** Reads until the empty line; undefined if the peer ends before it began. */
export async function readHead(connection: Connection): Promise<Head | undefined> {
  let bytes: Buffer = Buffer.alloc(0);
  for (;;) {
    const chunk = await connection.read();
    if (chunk === undefined) return undefined;
    bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
    const end = bytes.indexOf(endOfHead);
    if (end >= 0) {
      connection.unread(bytes.subarray(end + endOfHead.length));
      return parseHead(bytes.toString('latin1', 0, end));
    }
    if (bytes.length > maxHeadBytes) throw new Error(`A head of HTTP is over ${maxHeadBytes} bytes.`);
  }
}

function parseHead(text: string): Head {
  const [firstLine, ...lines] = text.split('\r\n');
  const fields = lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()] as const;
  });
  return headOf(firstLine!, fields);
}

export function headOf(firstLine: string, fields: Head['fields']): Head {
  return { firstLine, fields, headers: new Map(fields.map(([name, value]) => [name.toLowerCase(), value])) };
}

export function headBytes({ firstLine, fields }: Head): Buffer {
  const lines = [firstLine, ...fields.map(([name, value]) => `${name}: ${value}`), '', ''];
  return Buffer.from(lines.join('\r\n'), 'latin1');
}

/** The same head with other values; null removes a header. */
export function changeHeaders(head: Head, changes: Readonly<Record<string, string | null>>): Head {
  const kept = head.fields.filter(([name]) => !(name.toLowerCase() in changes));
  const added = Object.entries(changes).filter((entry): entry is [string, string] => entry[1] !== null);
  return headOf(head.firstLine, [...kept, ...added]);
}

export function requestFraming({ headers }: Head): Framing {
  return declaredFraming(headers) ?? { kind: 'none' };
}

/** @param method of the request that it answers: what answers HEAD has no body, whatever it says. */
export function answerFraming({ headers, firstLine }: Head, method: string): Framing {
  const status = statusOf(firstLine);
  if (method === 'HEAD' || status === 204 || status === 304) return { kind: 'none' };
  return declaredFraming(headers) ?? { kind: 'until-close' };
}

function declaredFraming(headers: Head['headers']): Framing | undefined {
  if (/\bchunked$/i.test(headers.get('transfer-encoding') ?? '')) return { kind: 'chunked' };
  const length = headers.get('content-length');
  if (length === undefined) return undefined;
  return length === '0' ? { kind: 'none' } : { kind: 'length', bytes: Number(length) };
}

export function statusOf(firstLine: string): number {
  return Number(firstLine.split(' ')[1]);
}
