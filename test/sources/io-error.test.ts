import { statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { SealpartError } from '../../src/errors.ts';
import { ioError, systemCode } from '../../src/sources/io-error.ts';

describe('an error of the file system', () => {
  it('says what happened, to what, and what to do, in one line', () => {
    let cause: unknown;
    try {
      statSync('/no/such/file');
    } catch (error) {
      cause = error;
    }
    const error = ioError('/no/such/file could not be opened', cause, 'not-found');
    expect(error.message).toBe(
      '/no/such/file could not be opened: there is no such file or directory (ENOENT). Check the path.',
    );
    expect([error.code, error.cause]).toEqual(['not-found', cause]);
  });

  it('uses the words of causes that it does not know', () => {
    const message = (cause: unknown): string => ioError('It failed', cause).message;
    expect(message(Object.assign(new Error('EWEIRD: odd.'), { code: 'EWEIRD' }))).toBe('It failed: EWEIRD: odd.');
    expect(message(new Error('no code'))).toBe('It failed: no code.');
    expect(message('a text')).toBe('It failed: a text.');
    expect(message(undefined)).toBe('It failed: undefined.');
  });

  it('leaves errors alone that say it better', () => {
    const error = new SealpartError('store', 'The store is gone.');
    expect(ioError('It failed', error)).toBe(error);
  });

  it('has a code only if the system gave one', () => {
    expect(systemCode({ code: 'EIO' })).toBe('EIO');
    expect([systemCode({ code: 5 }), systemCode(null), systemCode('EIO'), systemCode({})]).toEqual(
      Array(4).fill(undefined),
    );
  });
});
