const bytesOfUnits: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 2 ** 10,
  kib: 2 ** 10,
  m: 2 ** 20,
  mib: 2 ** 20,
  g: 2 ** 30,
  gib: 2 ** 30,
  t: 2 ** 40,
  tib: 2 ** 40,
};

const millisecondsOfUnits: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Bytes that a person wrote: `65536`, `64KiB`, `1.5GiB`; undefined for what is no size. */
export function bytesOf(text: string): number | undefined {
  return amountOf(text, bytesOfUnits);
}

/** Milliseconds that a person wrote: `90s`, `5m`; undefined for what is no time. */
export function millisecondsOf(text: string): number | undefined {
  return amountOf(text, millisecondsOfUnits);
}

function amountOf(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text.trim()) ?? [];
  const name = unit.toLowerCase();
  const amount = Object.hasOwn(units, name) ? Number(digits) * units[name]! : Number.NaN;
  return Number.isSafeInteger(amount) ? amount : undefined;
}
