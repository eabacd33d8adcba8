/** How keys are to be written in a listing. */
export type EncodingType = 'url' | undefined;

/**
 * A key as listings write it with `encoding-type=url`. A space becomes `%20` and a plus `%2B`, which those who decode
 * forms and those who decode paths read alike; slashes stay, as in S3.
 */
export function encodeListedKey(key: string, encoding: EncodingType): string {
  if (encoding === undefined) return key;
  return encodeURIComponent(key.toWellFormed())
    .replaceAll('%2F', '/')
    .replace(/[!'()~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}
