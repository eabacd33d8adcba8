/**
 * What becomes of an operation: the gateway does it itself, because object data, sizes or ETags pass through it; the
 * store behind is asked for it by name; or it is refused.
 */
export type Treatment = 'rewritten' | 'forwarded' | 'not-implemented';

/** What an access key must be good for. `none` is for what browsers ask without a signature. */
export type Access = 'none' | 'read' | 'write' | 'admin';

export type ResourceLevel = 'service' | 'bucket' | 'object';

/** What an operation's body may be. Only `object` is streamed; everything else is read whole and parsed first. */
export type OperationBody =
  | { readonly kind: 'none' }
  | { readonly kind: 'object' }
  | { readonly kind: 'json' }
  | {
      readonly kind: 'xml';
      readonly root: string;
      /** True where headers can say the same, or nothing needs to be said. */
      readonly mayBeEmpty?: boolean;
    };

/** A row of the table of operations. */
export interface Operation {
  /** As the model of S3's API calls it. */
  readonly name: string;
  readonly method: string;
  readonly level: ResourceLevel;
  /** The query parameters that make a request this operation: `uploads`, or with the value that it takes `list-type=2`. */
  readonly selectors: readonly string[];
  /** True if the request must say what to copy, false if it must not. */
  readonly isCopy: boolean;
  readonly treatment: Treatment;
  readonly access: Access;
  /** Other query parameters that it may have. */
  readonly query: readonly string[];
  /** The x-amz- headers that it may have, in lower case; one that ends in `-` stands for all that begin so. */
  readonly headers: readonly string[];
  readonly body: OperationBody;
}

/** What a row says beside what makes a request that operation; without it nothing is allowed. */
export interface OperationRules {
  readonly access: Access;
  readonly query?: readonly string[];
  readonly headers?: readonly string[];
  readonly body?: OperationBody;
}

/** The first words of a row: the name, the method, the level, and the selectors between blanks. */
export type OperationWords = readonly [name: string, method: string, level: ResourceLevel, selectors?: string];

/** A row of the table. */
export function operation(words: OperationWords, treatment: Treatment, rules: OperationRules): Operation {
  const [name, method, level, selectors = ''] = words;
  const { access, query = [], headers = [], body = { kind: 'none' } } = rules;
  const selected = selectors.split(' ').filter((word) => word !== '');
  return { name, method, level, selectors: selected, isCopy: false, treatment, access, query, headers, body };
}
