import { malformedXml, type XmlElement } from './xml-element.ts';

/** How often a child may stand in an element. */
export type Occurrence = 'one' | 'optional' | 'many';

/** The children of an element by their names, after they were checked against what may stand there. */
export type Fields<Names extends string> = Readonly<Record<Names, readonly XmlElement[]>>;

/**
 * The children of an element that holds elements only.
 *
 * @param shape the children it may have, and how often: one that is not named, comes twice or is missing is refused.
 */
export function readFields<Names extends string>(
  element: XmlElement,
  shape: Readonly<Record<Names, Occurrence>>,
): Fields<Names> {
  if (/[^ \t\n]/.test(element.text)) throw malformedXml(`text between the elements of ${element.name}`);
  const fields = {} as Record<string, XmlElement[]> & Record<Names, XmlElement[]>;
  for (const name of Object.keys(shape)) (fields as Record<string, XmlElement[]>)[name] = [];
  for (const child of element.children) {
    if (!Object.hasOwn(fields, child.name)) throw malformedXml(`an element in ${element.name} that it cannot have`);
    fields[child.name]!.push(child);
  }
  for (const [name, occurrence] of Object.entries<Occurrence>(shape)) {
    const { length } = fields[name]!;
    if (length > 1 && occurrence !== 'many') throw malformedXml(`${name} twice in ${element.name}`);
    if (length === 0 && occurrence === 'one') throw malformedXml(`no ${name} in ${element.name}`);
  }
  return fields;
}

/** The text of an element that holds text only. */
export function readText(element: XmlElement): string {
  if (element.children.length > 0) throw malformedXml(`elements in ${element.name}, which holds text`);
  return element.text;
}

/** The text of a child that stands there at most once. */
export function readOptionalText([element]: readonly XmlElement[]): string | undefined {
  return element === undefined ? undefined : readText(element);
}

/** A number without sign or fraction, small enough to be exact. */
export function readInteger(element: XmlElement): number {
  const text = readText(element).trim();
  if (!/^-?[0-9]{1,15}$/.test(text)) throw malformedXml(`${element.name} is no number`);
  return Number(text);
}

/** `true` or `false`, as Java's and Go's clients write it. */
export function readBoolean(element: XmlElement): boolean {
  const text = readText(element).trim();
  if (!/^(?:true|false)$/i.test(text)) throw malformedXml(`${element.name} is neither true nor false`);
  return text.toLowerCase() === 'true';
}

/** One of a few words. */
export function readWord<Word extends string>(element: XmlElement, words: readonly Word[]): Word {
  const text = readText(element).trim();
  const found = words.find((word) => word === text);
  if (found === undefined) throw malformedXml(`${element.name} is none of ${words.join(', ')}`);
  return found;
}

/** Refuses a root of another name. */
export function checkRoot(root: XmlElement, name: string): void {
  if (root.name !== name) throw malformedXml(`another root than ${name}`);
}
