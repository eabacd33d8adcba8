import { describe, expect, it } from 'vitest';
import { readAttributes } from '../../../src/gateway/intake/read-attributes.ts';
import { S3Error } from '../../../src/s3-protocol/errors/s3-error.ts';
import type { HeaderField } from '../../../src/s3-protocol/signature/raw-request.ts';

function outcomeOf(headers: readonly HeaderField[]): unknown {
  try {
    return readAttributes(headers).headers;
  } catch (error) {
    if (error instanceof S3Error) return `${error.code}: ${error.message} (${error.fields.ArgumentName})`;
    throw error;
  }
}

const mode = 'x-amz-object-lock-mode';
const date = 'x-amz-object-lock-retain-until-date';
const hold = 'x-amz-object-lock-legal-hold';
const both = `${date} and ${mode} must both be supplied.`;

describe('a lock that an object is written with', () => {
  it('is for the store, with its end', () => {
    const headers: HeaderField[] = [
      ['X-Amz-Object-Lock-Mode', ' GOVERNANCE '],
      [date, '2030-01-01T00:00:00Z'],
      [hold, 'OFF'],
    ];
    expect(outcomeOf(headers)).toMatchObject({ [mode]: 'GOVERNANCE', [date]: '2030-01-01T00:00:00Z', [hold]: 'OFF' });
  });

  it.each<[readonly HeaderField[], string]>([
    [[[mode, 'GOVERNANCE']], `InvalidArgument: ${both} (${date})`],
    [[[date, '2030-01-01T00:00:00Z']], `InvalidArgument: ${both} (${mode})`],
    [
      [
        [mode, 'governance'],
        [date, '2030-01-01T00:00:00Z'],
      ],
      `InvalidArgument: Unknown wormMode directive. (${mode})`,
    ],
    ...['soon', '2030-01-01', '2030-13-01T00:00:00Z', 'Tue, 01 Jan 2030 00:00:00 GMT'].map(
      (value): [readonly HeaderField[], string] => [
        [
          [mode, 'COMPLIANCE'],
          [date, value],
        ],
        `InvalidArgument: The retain until date must be provided in ISO 8601 format (${date})`,
      ],
    ),
    [[[hold, 'on']], `InvalidArgument: Legal Hold must be either of 'ON' or 'OFF' (${hold})`],
  ])('is refused: %j', (headers, expected) => {
    expect(outcomeOf(headers)).toBe(expected);
  });
});
