import { malformedXml } from './xml-element.ts';

/** The namespace of every document of S3. */
export const s3Namespace = 'http://s3.amazonaws.com/doc/2006-03-01/';
export const xsiNamespace = 'http://www.w3.org/2001/XMLSchema-instance';

/** What the prefixes in force at an element stand for; the default namespace is that of the prefix ''. */
export type Namespaces = ReadonlyMap<string, string>;

export const noNamespaces: Namespaces = new Map([['xml', 'http://www.w3.org/XML/1998/namespace']]);

export interface StartTag {
  /** The local name of the element. */
  readonly name: string;
  readonly namespaces: Namespaces;
  /** Without the declarations of namespaces. */
  readonly attributes: ReadonlyMap<string, string>;
}

/** More prefixes than that are in force nowhere: S3 needs two. */
const maxPrefixes = 8;

/** Resolves the names of a start tag. Elements are of S3's namespace or of none; prefixes must have been declared. */
export function resolveNames(
  qualifiedName: string,
  written: ReadonlyMap<string, string>,
  inherited: Namespaces,
): StartTag {
  const { namespaces, attributes } =
    written.size === 0 ? { namespaces: inherited, attributes: written } : declare(written, inherited);
  const { local, namespace } = resolve(qualifiedName, namespaces);
  if (namespace !== '' && namespace !== s3Namespace) throw malformedXml('an element of another namespace');
  return { name: local, namespaces, attributes };
}

/** Tells declarations from attributes, and checks that the prefixes of these were declared. */
function declare(written: ReadonlyMap<string, string>, inherited: Namespaces): Omit<StartTag, 'name'> {
  let namespaces: Map<string, string> | undefined;
  const attributes = new Map<string, string>();
  for (const [name, value] of written) {
    const prefix = declaredPrefix(name);
    if (prefix === undefined) {
      attributes.set(name, value);
    } else {
      namespaces ??= new Map(inherited);
      namespaces.set(prefix, declared(prefix, value));
      // Each declaration copies those in force: with any number of them that would be slow.
      if (namespaces.size > maxPrefixes) throw malformedXml('too many prefixes');
    }
  }
  for (const name of attributes.keys()) {
    if (name.includes(':')) resolve(name, namespaces ?? inherited);
  }
  return { namespaces: namespaces ?? inherited, attributes };
}

function declaredPrefix(name: string): string | undefined {
  if (name === 'xmlns') return '';
  return name.startsWith('xmlns:') ? name.slice('xmlns:'.length) : undefined;
}

function declared(prefix: string, namespace: string): string {
  const isReserved = prefix === 'xml' || prefix === 'xmlns' || prefix.includes(':');
  if (isReserved || (prefix !== '' && namespace === '')) throw malformedXml('a declaration of a prefix that cannot be');
  return namespace;
}

function resolve(name: string, namespaces: Namespaces): { readonly local: string; readonly namespace: string } {
  const colon = name.indexOf(':');
  const prefix = colon < 0 ? '' : name.slice(0, colon);
  const local = colon < 0 ? name : name.slice(colon + 1);
  const namespace = namespaces.get(prefix) ?? (colon < 0 ? '' : undefined);
  if (namespace === undefined || colon === 0 || local === '' || local.includes(':')) {
    throw malformedXml('a name with a prefix that was not declared');
  }
  return { local, namespace };
}
