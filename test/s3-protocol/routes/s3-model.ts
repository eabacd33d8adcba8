import * as sdk from '@aws-sdk/client-s3';

/** An operation as the model in AWS's own client has it. */
export interface ModelOperation {
  readonly name: string;
  readonly method: string;
  readonly level: 'service' | 'bucket' | 'object';
  /** The query that is part of its address. */
  readonly fixedQuery: string;
  /** Parameters and headers that its members are bound to; a name that ends in `-` is a prefix. */
  readonly query: readonly string[];
  readonly headers: readonly string[];
  /** The root of its body, if that is a document. */
  readonly bodyRoot: string | undefined;
}

type Lazy<T> = T | (() => T);
type Traits = Readonly<Record<string, unknown>>;
type Structure = readonly [
  kind: 3,
  namespace: string,
  name: string,
  traits: Traits | 0,
  members: readonly string[],
  types: readonly unknown[],
];
type OperationSchema = readonly [
  kind: 9,
  namespace: string,
  name: string,
  traits: { readonly http: readonly [method: string, path: string, status: number] },
  input: Lazy<Structure | string>,
];

/** Every operation of the model. Its schemas are not documented: if their shape changes, the tests say so. */
export function modelOperations(): ModelOperation[] {
  const schemas: readonly unknown[] = Object.values(sdk);
  return schemas.filter(isOperation).map(readOperation);
}

function isOperation(schema: unknown): schema is OperationSchema {
  return Array.isArray(schema) && schema[0] === 9 && Array.isArray(schema[3]?.http);
}

function readOperation([, , name, { http }, lazyInput]: OperationSchema): ModelOperation {
  const [method, address] = http;
  const [path, fixedQuery = ''] = address.split('?') as [string, string?];
  const input = unwrap(lazyInput);
  const members =
    typeof input === 'string' || input[0] !== 3 ? [] : input[4].map((member, i) => ({ member, type: input[5][i] }));
  const traits = members.map(({ type }) => memberTraits(type));
  const hasBucket = members.some(({ member }) => member === 'Bucket');
  const bound = (trait: string) => traits.flatMap((of) => (typeof of[trait] === 'string' ? [of[trait]] : []));
  const payload = members.find((_, i) => traits[i]!.httpPayload !== undefined);
  return {
    name,
    method,
    level: path.includes('{Key') ? 'object' : hasBucket ? 'bucket' : 'service',
    fixedQuery,
    query: bound('httpQuery'),
    headers: [...bound('httpHeader'), ...bound('httpPrefixHeaders')].map((header) => header.toLowerCase()),
    bodyRoot: payload === undefined ? undefined : rootOf(payload),
  };
}

/** A member with traits is a pair of its type and them. */
function memberTraits(type: unknown): Traits {
  return Array.isArray(type) && typeof type[1] === 'object' && type[1] !== null ? (type[1] as Traits) : {};
}

function rootOf({ member, type }: { readonly member: string; readonly type: unknown }): string | undefined {
  const [lazyTarget, traits] = type as [Lazy<unknown>, Traits];
  const target = unwrap(lazyTarget);
  if (!Array.isArray(target) || target[0] !== 3) return undefined;
  const names = [traits.xmlName, (target[3] as Traits | 0 | undefined) || undefined, target[2], member];
  const own = names.map((name) => (typeof name === 'object' ? (name as Traits).xmlName : name));
  return own.find((name) => typeof name === 'string');
}

function unwrap<T>(value: Lazy<T>): T {
  return typeof value === 'function' ? (value as () => T)() : value;
}
