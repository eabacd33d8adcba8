/** A header as it came: the name in any case, the value one character a byte. */
export type HeaderField = readonly [name: string, value: string];

/**
 * A request's first line and headers as they were received, before anything was decoded, merged or dropped: a
 * signature covers these bytes and no others. Strings hold one character a byte (latin1), as node:http gives them.
 */
export interface RawRequest {
  readonly method: string;
  /** The request target: path and query as they stood on the wire. */
  readonly target: string;
  /** Every header in the order it came, so that one that came twice can be seen. */
  readonly headers: readonly HeaderField[];
}

/** The values of all headers of a name (in lower case), in the order they came. */
export function headerValues({ headers }: Pick<RawRequest, 'headers'>, name: string): string[] {
  return headers.filter((header) => header[0].toLowerCase() === name).map((header) => header[1]);
}

/** The pairs of node:http's flat `rawHeaders`. */
export function headerFields(rawHeaders: readonly string[]): HeaderField[] {
  const fields: HeaderField[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) fields.push([rawHeaders[i]!, rawHeaders[i + 1]!]);
  return fields;
}
