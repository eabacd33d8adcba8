import { SealpartError } from '../../errors.ts';
import type { ObjectName, WriteCondition } from '../object-store.ts';
import type { Catalogue } from './catalogue.ts';
import { objectLabel } from './names.ts';
import { noObject } from './refusals.ts';

/**
 * Compares what stands under a name with what a write demands. To be called inside the transaction that writes.
 *
 * @throws SealpartError `precondition`, or `not-found` if an object must be there and none is.
 */
export function checkCondition(catalogue: Catalogue, name: ObjectName, condition: WriteCondition): void {
  const { ifNoneMatch, ifMatch } = condition;
  if (ifNoneMatch === undefined && ifMatch === undefined) return;
  const row = catalogue.objects.find(name);
  const label = objectLabel(name);
  if (ifNoneMatch !== undefined && row !== undefined) {
    throw failed(`${label} exists already, and was to be made only if it did not`);
  }
  if (ifMatch === undefined) return;
  if (row === undefined) throw noObject(name);
  if (!matches(row.etag, ifMatch)) throw failed(`${label} is not what it was: it has another ETag than the one given`);
}

/** True if an ETag is the one that is demanded, or any may be. */
function matches(etag: string, demanded: string): boolean {
  return demanded === '*' || demanded === etag;
}

function failed(reason: string): SealpartError {
  const said = 'PreconditionFailed';
  return new SealpartError('precondition', `${reason} (${said}).`, { said });
}
