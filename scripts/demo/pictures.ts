import type { StoredPartSize } from './stored-parts.ts';
import type { UploadLeft } from './upload-left.ts';

const columns = 64;
const signs = { before: '█', again: '▒', after: '░' } as const;

/** Each part as a sign, in their order: when it was sent. */
export function partsPicture(parts: readonly StoredPartSize[], left: UploadLeft | undefined): string {
  const signOf = (partNumber: number): keyof typeof signs => {
    if (left?.committed.has(partNumber)) return 'before';
    return left?.unconfirmed.has(partNumber) ? 'again' : 'after';
  };
  const all = parts.map(({ partNumber }) => signOf(partNumber));
  const rows: string[] = [];
  for (let start = 0; start < all.length; start += columns) {
    const row = all.slice(start, start + columns).map((which) => signs[which]);
    rows.push(`  part ${String(start + 1).padStart(5)}  ${row.join('')}`);
  }
  const count = (which: keyof typeof signs): number => all.filter((one) => one === which).length;
  const full = new Set(parts.slice(0, -1).map(({ sizeBytes }) => sizeBytes.toLocaleString('en')));
  rows.push(
    '',
    `  ${signs.before} ${count('before')} sent before the kill   ${signs.again} ${count('again')} sent again   ${signs.after} ${count('after')} sent after it`,
    `  segment i is part i + 1; every part but the last has ${[...full].join(' or ') || 'no'} bytes`,
  );
  return rows.join('\n');
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
