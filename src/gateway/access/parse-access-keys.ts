import { z } from 'zod';
import { SealpartError } from '../../errors.ts';
import { describeIssues } from '../config/describe-issues.ts';
import { parseJson } from '../config/parse-json.ts';
import { AccessKey } from './access-key.ts';
import { type AccessRule, accessLevels } from './access-rule.ts';
import { faultOfId, faultOfSecret } from './known-credentials.ts';

/** Who may do what. */
export interface AccessDocument {
  readonly keys: readonly AccessKey[];
  /** What requests without a signature may do: nothing, unless it is said. */
  readonly anonymous: readonly AccessRule[];
}

/** What an access key may do that nobody has said anything about: there is no other one then. */
export const everything: readonly AccessRule[] = [{ access: 'admin', buckets: ['*'], prefixes: [] }];

const bucketPattern = z
  .string({ error: 'must be the name of a bucket, or a pattern with *' })
  .regex(/^[A-Za-z0-9._*-]{1,255}$/, { error: 'must be the name of a bucket, or a pattern with *' });

const keyPrefix = z
  .string({ error: 'must be the beginning of keys' })
  .min(1, { error: 'is empty: leave prefixes out for all keys' })
  .refine((prefix) => !prefix.endsWith('*'), {
    error: 'ends in *, which stands for itself here: write photos/ for photos/*',
  });

const rule = z.strictObject(
  {
    access: z.enum(accessLevels, { error: 'must be read, write or admin' }),
    buckets: z
      .array(bucketPattern, { error: 'must be a list' })
      .min(1, { error: 'is empty: leave it out for all' })
      .default(['*']),
    prefixes: z
      .array(keyPrefix, { error: 'must be a list' })
      .min(1, { error: 'is empty: leave it out for all' })
      .optional(),
  },
  { error: (issue) => (issue.code === 'invalid_type' ? 'must be an object with access' : undefined) },
);

const rules = z.array(rule, { error: 'must be a list of rules' });

const accessSchema = z.strictObject(
  {
    keys: z.array(
      z.strictObject(
        {
          id: z.string({ error: 'must be the id of an access key' }),
          secret: z.string({ error: 'must be the secret of an access key' }),
          rules: rules.min(1, { error: 'is empty: this key could do nothing' }),
        },
        {
          error: (issue) => (issue.code === 'invalid_type' ? 'must be an object with id, secret and rules' : undefined),
        },
      ),
      { error: 'must be a list of access keys' },
    ),
    anonymous: rules.default([]),
  },
  { error: (issue) => (issue.code === 'invalid_type' ? 'must be an object with keys' : undefined) },
);

/** The JSON Schema of a file of access keys. */
export function accessKeysJsonSchema(): unknown {
  return z.toJSONSchema(accessSchema, { io: 'input' });
}

/**
 * Reads a file of access keys: `{"keys": [{"id", "secret", "rules": [{"access", "buckets", "prefixes"}]}], "anonymous":
 * [rules]}`.
 *
 * @param where what to call the file in messages
 * @throws SealpartError `bad-key`: what is wrong and where it stands, never a secret
 */
export function parseAccessKeys(text: string, where: string): AccessDocument {
  const parsed = accessSchema.safeParse(parseJson(text, where));
  if (!parsed.success) throw badKeys(where, describeIssues(parsed.error.issues));
  const { keys, anonymous } = parsed.data;
  const faults = keys.flatMap((key, i) => faultsOfKey(key, `keys[${i}]`));
  const ids = keys.map(({ id }) => id);
  const twice = ids.findIndex((id, i) => ids.indexOf(id) !== i);
  if (twice >= 0) faults.push(`keys[${twice}].id is that of another key too`);
  if (anonymous.some(({ access }) => access === 'admin')) faults.push('anonymous cannot be admin');
  if (faults.length > 0) throw badKeys(where, faults);
  return {
    keys: keys.map((key) => new AccessKey(key.id, key.secret, key.rules.map(ruleOf))),
    anonymous: anonymous.map(ruleOf),
  };
}

/**
 * An access key that stands in no file: it may do everything.
 *
 * @param names what the two are called where they were found, for messages
 * @throws SealpartError `bad-key`
 */
export function soleAccessKey(
  id: string,
  secret: string,
  names: { readonly id: string; readonly secret: string },
): AccessKey {
  const idFault = faultOfId(id);
  if (idFault !== undefined) throw new SealpartError('bad-key', `${names.id} ${idFault}.`);
  const secretFault = faultOfSecret(secret, id);
  if (secretFault !== undefined) throw new SealpartError('bad-key', `${names.secret} ${secretFault}.`);
  return new AccessKey(id, secret, everything);
}

function faultsOfKey({ id, secret }: { readonly id: string; readonly secret: string }, place: string): string[] {
  const idFault = faultOfId(id);
  const secretFault = faultOfSecret(secret, id);
  return [
    ...(idFault === undefined ? [] : [`${place}.id ${idFault}`]),
    ...(secretFault === undefined ? [] : [`${place}.secret ${secretFault}`]),
  ];
}

function ruleOf({ access, buckets, prefixes = [] }: z.output<typeof rule>): AccessRule {
  return { access, buckets, prefixes };
}

function badKeys(where: string, faults: readonly string[]): SealpartError {
  return new SealpartError('bad-key', `The access keys of ${where} cannot be used: ${faults.join('; ')}.`);
}
