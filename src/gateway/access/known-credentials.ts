/** Fewer characters can be guessed from one signature that was overheard. */
const leastSecretChars = 16;
const mostSecretChars = 256;
/** A secret of fewer different characters was typed, not made. */
const leastDifferentChars = 6;

/** Names of keys that servers are delivered with, or that stand in instructions: everybody tries these first. */
const knownIds: ReadonlySet<string> = new Set([
  'accesskey',
  'accesskey1',
  'admin',
  'changeme',
  'guest',
  'minio',
  'minioadmin',
  'password',
  'root',
  'rustfsadmin',
  's3admin',
  'seaweedfs',
  'test',
  'user',
  'akiaiosfodnn7example',
  'akiai44qh8dhbexample',
  'asiaiosfodnn7example',
  'q3am3uq867spqqa43p2f',
  '0555b35654ad1656d804',
]);

/** Such secrets, in lower case. What is shorter than any secret may be need not stand here. */
const knownSecrets: ReadonlySet<string> = new Set([
  'zuf+tfteslswru7bj86wekitnifilbzam1kyy3tg',
  'h7ghxubltrlhvuyxspukuv8r/2ei4ngqjxd7ibdbyhlwhlun30jat3q==',
  'abcdefghijklmnop',
  'abcdefghijklmnopqrstuvwxyz',
  '0123456789abcdef',
  '1234567890123456',
  'your-secret-access-key',
  'your_secret_access_key',
  'yoursecretaccesskey',
  'secret-access-key',
  'secret_access_key',
  'secretaccesskey123',
]);

/** Why a name cannot be an access key's, as the end of a sentence about it; undefined if it can. */
export function faultOfId(id: string): string | undefined {
  if (!/^[\w.-]{3,128}$/.test(id)) return 'must be 3 to 128 letters, digits, dots, hyphens or underscores';
  if (knownIds.has(id.toLowerCase())) return 'is a default that everybody knows: take another name';
  return undefined;
}

/** Why a text cannot be the secret of an access key; it is not quoted. */
export function faultOfSecret(secret: string, id: string): string | undefined {
  if (secret === '') return 'is empty: make one, of 40 random characters';
  if (secret.length < leastSecretChars) return `is shorter than ${leastSecretChars} characters: make one of 40`;
  if (!/^[\x21-\x7e]+$/.test(secret)) return 'has blanks, or characters beyond ASCII: make one of letters and digits';
  if (secret.length > mostSecretChars) return `is longer than ${mostSecretChars} characters`;
  if (isKnownSecret(secret.toLowerCase()) || secret.toLowerCase() === id.toLowerCase()) {
    return 'is a default that everybody knows: make one, of 40 random characters';
  }
  if (new Set(secret).size < leastDifferentChars) return 'is too simple: make one, of 40 random characters';
  return undefined;
}

function isKnownSecret(secret: string): boolean {
  // Those of the instructions of AWS end so.
  if (secret.endsWith('examplekey') || knownSecrets.has(secret)) return true;
  // minioadminminioadmin
  return [...knownIds].some((id) => secret.replaceAll(id, '') === '');
}
