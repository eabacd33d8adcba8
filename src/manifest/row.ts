import { crc32 } from 'node:zlib';
import { SealpartError } from '../errors.ts';

/** What a column of a row holds. Integers are bigints, as SQLite's are wider than a number is exact. */
export type Column = string | bigint | Uint8Array | null;

/** An item as it is kept and as threads hand it over: columns by their names. */
export type Row<Name extends string> = Readonly<Record<Name, Column>>;

/**
 * A checksum over the columns of a row and their kinds. It finds what a failing disk did to any of them, those among
 * them that are under no MAC; it is nothing against somebody who means to change them.
 */
export function rowSum<Name extends string>(row: Row<Name>, columns: readonly Name[]): bigint {
  let sum = 0;
  for (const name of columns) {
    const value = row[name];
    if (value instanceof Uint8Array) {
      sum = crc32(value, crc32(`blob ${value.length} `, sum));
    } else {
      sum = crc32(value === null ? 'null ' : `${typeof value} ${Buffer.byteLength(`${value}`)} ${value}`, sum);
    }
  }
  return BigInt(sum);
}

const uploadRemedy = 'restore the manifest from a copy, or move it away and begin the upload anew';

/** The error for an entry that cannot be what was written. */
export function damagedEntry(
  entry: string,
  manifestName: string,
  what: string,
  remedy: string = uploadRemedy,
): SealpartError {
  return new SealpartError(
    'manifest-corrupt',
    `The entry of ${entry} in ${manifestName} is damaged (${what}): ${remedy}.`,
  );
}

/** Reads the columns of a row that may be damaged. Its methods throw SealpartError `manifest-corrupt`. */
export class RowReader<Name extends string> {
  readonly #row: Row<Name | 'sum'>;
  readonly #entry: string;
  readonly #manifestName: string;
  readonly #remedy: string | undefined;

  /**
   * Compares the row with its checksum. `entry` names it in messages: `part 3 of upload 5f…`; `remedy` says what helps
   * where that is not what helps an upload.
   */
  constructor(row: Row<Name | 'sum'>, columns: readonly Name[], entry: string, manifestName: string, remedy?: string) {
    this.#row = row;
    this.#entry = entry;
    this.#manifestName = manifestName;
    this.#remedy = remedy;
    if (row.sum !== rowSum<Name>(row, columns)) throw this.damage('its checksum does not match');
  }

  damage(what: string): SealpartError {
    return damagedEntry(this.#entry, this.#manifestName, what, this.#remedy);
  }

  text(name: Name): string {
    const value = this.#row[name];
    if (typeof value !== 'string') throw this.damage(`${name} is no text`);
    return value;
  }

  /** An integer that is not below `least`. */
  integer(name: Name, least: number = Number.MIN_SAFE_INTEGER): number {
    const value = this.#row[name];
    if (typeof value !== 'bigint' || value < least || value > Number.MAX_SAFE_INTEGER) {
      throw this.damage(`${name} is out of range`);
    }
    return Number(value);
  }

  /** Bytes in memory of their own, exactly `length` of them if that is given. */
  bytes(name: Name, length?: number): Uint8Array {
    const value = this.#row[name];
    if (!(value instanceof Uint8Array)) throw this.damage(`${name} is no blob`);
    if (length !== undefined && value.length !== length) throw this.damage(`${name} has ${value.length} bytes`);
    return new Uint8Array(value);
  }

  isAbsent(name: Name): boolean {
    return this.#row[name] === null;
  }
}

/** A text as a column. One with half of a surrogate pair has no UTF-8 form and would come back as another. */
export function textColumn(name: string, text: string, of: string = 'an upload'): string {
  if (!text.isWellFormed()) throw new RangeError(`${name} of ${of} must be well-formed Unicode`);
  return text;
}

export function integerColumn(name: string, value: number, of: string = 'an upload'): bigint {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${name} of ${of} must be a safe integer, not ${value}`);
  return BigInt(value);
}

/** A copy of its own memory, whatever memory the bytes are in. */
export function bytesColumn(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}
