import { SealpartError } from '../../errors.ts';

/**
 * The value that a JSON text stands for. Its error quotes nothing of the text, and has no cause that does: there may be
 * secrets in it.
 *
 * @param where what to call the text in messages
 * @throws SealpartError `bad-parameters`
 */
export function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    const place = placeOf(text, error instanceof Error ? error.message : '');
    throw new SealpartError(
      'bad-parameters',
      `${where} is not JSON${place}: look for a missing comma, quote or brace.`,
    );
  }
}

/** Where V8 stopped, where it says so. */
function placeOf(text: string, message: string): string {
  const position = /position (\d+)/.exec(message)?.[1];
  if (position === undefined) return '';
  const lines = text.slice(0, Number(position)).split('\n');
  return ` (line ${lines.length}, column ${lines.at(-1)!.length + 1})`;
}
