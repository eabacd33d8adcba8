import type { z } from 'zod';

/** What is wrong with a document, each with its place in it: `keys[0].rules is missing`. No value of it is quoted. */
export function describeIssues(issues: readonly z.core.$ZodIssue[]): string[] {
  return issues.map((issue) => {
    const place = placeText(issue.path);
    if (issue.code === 'unrecognized_keys') return `${place || 'it'} has ${unknownKeysText(issue.keys)}`;
    return `${place || 'it'} ${issue.message}`;
  });
}

function placeText(path: readonly PropertyKey[]): string {
  const text = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${shownName(String(step))}`)).join('');
  return text.startsWith('.') ? text.slice(1) : text;
}

function unknownKeysText(keys: readonly string[]): string {
  return `what is not known here: ${keys.map(shownName).join(', ')}`;
}

/** A name that was written the wrong way round may be a secret: only what looks like a word is shown. */
function shownName(name: string): string {
  return /^[A-Za-z]{1,24}$/.test(name) ? name : 'a name that is no word';
}
