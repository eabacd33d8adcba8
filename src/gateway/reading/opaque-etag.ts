/**
 * What clients are told as the ETag of an object of whose content no MD5 is known: the store's own, in the form of one
 * that was put in parts, which no client takes for an MD5. It changes with every write, as the store's does.
 */
export function opaqueEtag(backendEtag: string): string {
  return /-\d+$/.test(backendEtag) ? backendEtag : `${backendEtag}-1`;
}
