const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const imfFixdate = /^[A-Z][a-z]{2}, (\d{2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}:\d{2}:\d{2}) GMT$/;
const rfc850 = /^[A-Z][a-z]{5,8}, (\d{2})-([A-Z][a-z]{2})-(\d{2}) (\d{2}:\d{2}:\d{2}) GMT$/;
const asctime = /^[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([ \d]\d) (\d{2}:\d{2}:\d{2}) (\d{4})$/;
const iso8601 = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})(?:\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;

/**
 * Reads a date as headers tell it, in the three forms of RFC 9110 §5.6.7, or in ISO 8601, which S3 takes too.
 *
 * @returns milliseconds, on whole seconds; undefined if it is no date.
 */
export function parseHttpDate(text: string): number | undefined {
  const match = imfFixdate.exec(text);
  if (match !== null) return timeOf(match[3]!, match[2]!, match[1]!, match[4]!);
  const old = rfc850.exec(text);
  // Two digits are of the century that makes them nearer (section 5.6.7); objects are younger than 1970.
  if (old !== null) return timeOf(`${Number(old[3]) < 70 ? '20' : '19'}${old[3]}`, old[2]!, old[1]!, old[4]!);
  const c = asctime.exec(text);
  if (c !== null) return timeOf(c[4]!, c[1]!, c[2]!.replace(' ', '0'), c[3]!);
  const iso = iso8601.exec(text);
  if (iso === null) return undefined;
  const [, date, time, zone] = iso as unknown as readonly [string, string, string, string];
  return isDay(date) ? orUndefined(Date.parse(`${date}T${time}${zone}`)) : undefined;
}

function timeOf(year: string, monthName: string, day: string, time: string): number | undefined {
  const month = String(months.indexOf(monthName) + 1).padStart(2, '0');
  const date = `${year}-${month}-${day}`;
  return isDay(date) ? orUndefined(Date.parse(`${date}T${time}Z`)) : undefined;
}

/** False for the 30th of February, which Date takes for a day of March. */
function isDay(date: string): boolean {
  const timeMs = Date.parse(`${date}T00:00:00Z`);
  return !Number.isNaN(timeMs) && new Date(timeMs).toISOString().startsWith(date);
}

function orUndefined(timeMs: number): number | undefined {
  return Number.isNaN(timeMs) ? undefined : timeMs;
}

/** A moment as headers tell it: `Sun, 06 Nov 1994 08:49:37 GMT`. */
export function formatHttpDate(timeMs: number): string {
  return new Date(timeMs).toUTCString();
}
