import { s3Error } from '../../s3-protocol/errors/s3-error.ts';

const mode = 'x-amz-object-lock-mode';
const date = 'x-amz-object-lock-retain-until-date';
const hold = 'x-amz-object-lock-legal-hold';

/**
 * Refuses locks that no object can have, whatever store it is for. Whether the date is one to come the store says, whose
 * clock counts.
 *
 * @param headers by their names in lower case.
 * @throws S3Error InvalidArgument
 */
export function checkLockHeaders(headers: Readonly<Record<string, string>>): void {
  if ((headers[mode] === undefined) !== (headers[date] === undefined)) {
    const missing = headers[mode] === undefined ? mode : date;
    const message = `${date} and ${mode} must both be supplied.`;
    throw s3Error('InvalidArgument', { message, ArgumentName: missing });
  }
  checkWord(headers, mode, ['GOVERNANCE', 'COMPLIANCE'], 'Unknown wormMode directive.');
  const until = headers[date];
  if (until !== undefined && !(moment.test(until) && !Number.isNaN(Date.parse(until)))) {
    const message = 'The retain until date must be provided in ISO 8601 format';
    throw s3Error('InvalidArgument', { message, ArgumentName: date, ArgumentValue: until });
  }
  checkWord(headers, hold, ['ON', 'OFF'], "Legal Hold must be either of 'ON' or 'OFF'");
}

/** A moment as ISO 8601 has it: with the zone, for what else would it be. */
const moment = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)$/;

function checkWord(
  headers: Readonly<Record<string, string>>,
  name: string,
  words: readonly string[],
  message: string,
): void {
  const value = headers[name];
  if (value === undefined || words.includes(value)) return;
  throw s3Error('InvalidArgument', { message, ArgumentName: name, ArgumentValue: value });
}
