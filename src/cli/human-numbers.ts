const units = [
  ['TiB', 2 ** 40],
  ['GiB', 2 ** 30],
  ['MiB', 2 ** 20],
  ['KiB', 2 ** 10],
] as const;

/** `512 bytes`, `1.5 KiB`, `256 MiB`: at most three digits that count. */
export function bytesText(bytes: number): string {
  for (const [unit, size] of units) {
    if (bytes >= size) return `${threeDigits(bytes / size)} ${unit}`;
  }
  return bytes === 1 ? '1 byte' : `${Math.round(bytes)} bytes`;
}

function threeDigits(value: number): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return String(Number(value.toFixed(digits)));
}

/** `256 MiB`, and the exact number where that says less. */
export function exactBytesText(bytes: number): string {
  const short = bytesText(bytes);
  return bytes < 1024 ? short : `${bytes} bytes (${short})`;
}

export function rateText(bytesPerSecond: number): string {
  return `${bytesText(bytesPerSecond)}/s`;
}

/** `0:08`, `12:34`, `3:25:07`. */
export function durationText(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const two = (n: number): string => String(n).padStart(2, '0');
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** `1 segment`, `2 segments`. */
export function countText(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
