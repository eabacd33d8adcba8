const removed = 'REDACTED';

/** Parameters of presigned URLs that are secrets, or say whose they are; those of the signatures before V4 too. */
const secretParameters: ReadonlySet<string> = new Set([
  'x-amz-signature',
  'x-amz-credential',
  'x-amz-security-token',
  'x-amz-server-side-encryption-customer-key',
  'x-amz-copy-source-server-side-encryption-customer-key',
  'signature',
  'awsaccesskeyid',
  'policy',
]);

/** More of a target is in no log: it may be 16 KiB of anything. */
const mostCharacters = 2048;

/** A request target for the log: whoever reads it there must not be able to send the request again. */
export function redactTarget(target: string): string {
  const mark = target.indexOf('?');
  if (mark < 0) return shorten(target);
  const parameters = target
    .slice(mark + 1)
    .split('&')
    .map((parameter) => {
      const name = parameter.split('=', 1)[0]!;
      return secretParameters.has(decode(name)) ? `${name}=${removed}` : parameter;
    });
  return shorten(`${target.slice(0, mark)}?${parameters.join('&')}`);
}

/** Names come in any case, and encoded in ways of their own. */
function decode(name: string): string {
  return name
    .replace(/%([0-9a-f]{2})/gi, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)))
    .toLowerCase();
}

const inText: readonly RegExp[] = [
  /((?:x-amz-)?(?:signature|credential|security-token)["']?\s*[=:]\s*["']?)[^\s,&"']+/gi,
  /((?:secret[-_ ]?access[-_ ]?key|session[-_ ]?token|passphrase|password)["']?\s*[=:]\s*["']?)[^\s,&"']+/gi,
  /(SEALPART-SECRET-KEY-)[^\s"']+/gi,
];

/** A message of somebody else's for the log, without what looks like a credential in it. */
export function redactText(text: string): string {
  let redacted = text;
  for (const pattern of inText) redacted = redacted.replace(pattern, `$1${removed}`);
  return shorten(redacted);
}

function shorten(text: string): string {
  return text.length <= mostCharacters ? text : `${text.slice(0, mostCharacters)}…`;
}
