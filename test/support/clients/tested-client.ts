/** A client that tests drive: what it is asked for it does by requests of its own making. Keys are plain text. */
export interface TestedClient {
  /** Sends a file in one PutObject, however long it is. */
  put(bucket: string, key: string, file: string, metadata?: Readonly<Record<string, string>>): Promise<void>;
  get(bucket: string, key: string, file: string): Promise<void>;
  /** The bytes from `start` to before `end`. */
  getRange?(bucket: string, key: string, start: number, end: number): Promise<Buffer>;
  /** The metadata that whoever put it gave it, names in lower case. */
  metadata?(bucket: string, key: string): Promise<Readonly<Record<string, string>>>;
  /** All keys below a prefix, which ends in a slash. */
  list(bucket: string, prefix: string): Promise<readonly string[]>;
  /** Makes what is below a prefix like a folder. @returns how many files it sent */
  sync?(folder: string, bucket: string, prefix: string): Promise<number>;
  remove(bucket: string, key: string): Promise<void>;
  removeAll(bucket: string, prefix: string): Promise<void>;
  presignGet?(bucket: string, key: string): Promise<string>;
  presignPut?(bucket: string, key: string): Promise<string>;
  /** Everything it has printed on its standard error. */
  complaints(): string;
  close?(): Promise<void>;
}

/** Keys that need care in a URL, in a signature or in XML. */
export const oddKeys = [
  'with blanks  and two',
  'plus+and%percent%20%2F',
  'quotes\'"()!*;:@&=$,?#[]',
  'caf\u00e9 and cafe\u0301',
  '\u65e5\u672c\u8a9e \u{1f600}',
  'less<and>more&amp;',
] as const;

/** Keys that paths would swallow. */
export const pathLikeKeys = ['trailing/', 'double//slash', 'a/../b', './dot', 'a/./b'] as const;

/** True for keys that are no plain paths of files. */
export function isPathLike(key: string): boolean {
  return key.endsWith('/') || /(?:^|\/)\.{0,2}\//.test(key);
}
