import type { ObjectName } from '../objects/object-store.ts';

/** An object's name as people write it. */
export function objectText({ bucket, key }: ObjectName): string {
  return `${bucket}/${key}`;
}
