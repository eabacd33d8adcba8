/** From the least to the most: each one includes those before it. */
export const accessLevels = ['read', 'write', 'admin'] as const;

/**
 * What somebody may do: `read` objects and lists; `write` and remove objects too; as `admin` also make, change and
 * remove buckets, ACLs, policies, locks and retention.
 */
export type AccessLevel = (typeof accessLevels)[number];

/** So much, with these buckets and keys. */
export interface AccessRule {
  readonly access: AccessLevel;
  /** Names, in which `*` stands for any characters. */
  readonly buckets: readonly string[];
  /** Beginnings of keys; none: all keys, and the bucket itself. */
  readonly prefixes: readonly string[];
}

/** True if the rule is good for so much in this bucket, whatever keys it is about. */
export function reachesBucket(rule: AccessRule, access: AccessLevel, bucket: string): boolean {
  if (accessLevels.indexOf(rule.access) < accessLevels.indexOf(access)) return false;
  return rule.buckets.some((pattern) => matchesPattern(pattern, bucket));
}

/** True if everything that begins so is within the rule. */
export function reachesPrefix({ prefixes }: AccessRule, prefix: string): boolean {
  return prefixes.length === 0 || prefixes.some((beginning) => prefix.startsWith(beginning));
}

/** Each piece between two stars is looked for once, behind the one before it: no pattern takes long. */
export function matchesPattern(pattern: string, name: string): boolean {
  const [first, ...others] = pattern.split('*') as [string, ...string[]];
  const last = others.pop();
  if (last === undefined) return name === pattern;
  if (!name.startsWith(first)) return false;
  let at = first.length;
  for (const piece of others) {
    const found = name.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return name.length - last.length >= at && name.endsWith(last);
}
