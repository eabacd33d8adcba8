import type { SealpartError } from '../../errors.ts';
import { quoted } from '../directory/names.ts';

/**
 * Reads keys as a listing writes them that was asked for URL encoding: XML could not hold all of them. A store that does
 * not say that it has encoded them has not.
 */
export function keyDecoder(
  encodingType: string | undefined,
  broken: (what: string) => SealpartError,
): (text: string) => string {
  if (encodingType !== 'url') return (text) => text;
  return (text) => {
    try {
      // Blanks are written as in forms, and a plus sign never stands for itself.
      return decodeURIComponent(text.replaceAll('+', ' '));
    } catch {
      throw broken(`its list holds ${quoted(text)}, which is no encoded key`);
    }
  };
}
