import type { StoredPartSize } from './stored-parts.ts';

const columns = 64;

/** The parts of an object as a bar each, and their sizes: as many rows as fit a screen. */
export function partsPicture(parts: readonly StoredPartSize[]): string {
  const largest = Math.max(...parts.map(({ sizeBytes }) => sizeBytes));
  const rows = parts.map(({ partNumber, sizeBytes }) => {
    const bar = '█'.repeat(Math.max(1, Math.round((sizeBytes / largest) * (columns - 32))));
    return `  part ${String(partNumber).padStart(4)} = segment ${String(partNumber - 1).padStart(4)}  ${bar.padEnd(columns - 32)} ${sizeBytes.toLocaleString('en')}`;
  });
  const shown =
    rows.length <= 12
      ? rows
      : [...rows.slice(0, 5), `  … ${rows.length - 8} more of the same size …`, ...rows.slice(-3)];
  return shown.join('\n');
}

/** Bytes at one place of the content, as they are at home and as the store sees them. */
export function besideEachOther(plain: Uint8Array, wire: Uint8Array): string {
  const rows = ['  what you have                                     what the store has'];
  for (let offset = 0; offset < plain.length; offset += 32) {
    const left = printable(plain.subarray(offset, offset + 32));
    const right = Buffer.from(wire.subarray(offset, offset + 16))
      .toString('hex')
      .replace(/(.{4})/g, '$1 ');
    rows.push(`  ${left.padEnd(48)}  ${right}`);
  }
  return rows.join('\n');
}

function printable(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString('latin1')
    .replace(/[^\x20-\x7e]/g, '·');
}

/** A table of two columns. */
export function table(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`).join('\n');
}
