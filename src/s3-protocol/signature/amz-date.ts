const basic = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/;
const imf = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\d{2}) (\w{3}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) GMT$/;
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** A moment as signatures write it. */
export interface AmzDate {
  /** `20130524T000000Z` */
  readonly timestamp: string;
  readonly timeMs: number;
}

/** Requests come with the same second again and again. */
let lastRead: AmzDate | undefined;

/** Reads `20130524T000000Z`. Undefined if it is written otherwise or names no moment. */
export function parseAmzDate(text: string): AmzDate | undefined {
  if (lastRead?.timestamp !== text) lastRead = readAmzDate(text);
  return lastRead;
}

function readAmzDate(text: string): AmzDate | undefined {
  const fields = basic.exec(text)?.slice(1).map(Number);
  if (fields === undefined) return undefined;
  const [year, month, day, hour, minute, second] = fields as [number, number, number, number, number, number];
  const timeMs = Date.UTC(year, month - 1, day, hour, minute, second);
  // Date.UTC rolls over: what is not written back the same was no date.
  return formatAmzDate(timeMs) === text ? { timestamp: text, timeMs } : undefined;
}

/** Reads a Date header: as signatures write it, or `Fri, 24 May 2013 00:00:00 GMT`. */
export function parseDateHeader(text: string): AmzDate | undefined {
  const match = imf.exec(text);
  if (match === null) return parseAmzDate(text);
  const month = months.indexOf(match[2]!) + 1;
  const date = `${match[3]}${String(month).padStart(2, '0')}${match[1]}`;
  return parseAmzDate(`${date}T${match[4]}${match[5]}${match[6]}Z`);
}

/** `20130524T000000Z` */
export function formatAmzDate(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
}

/** `2013-05-24T00:00:00Z`, as S3 tells times in errors. */
export function formatServerTime(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 19)}Z`;
}

/** True for a day as a credential scope writes it, `20130524`. */
export function isScopeDate(text: string): boolean {
  return parseAmzDate(`${text}T000000Z`) !== undefined;
}
