import { abortUpload } from '../pipelines/uploads/abort-upload.ts';
import type { CliContext } from './cli-context.ts';
import { findUpload, noUpload, placeOfUpload } from './find-upload.ts';
import type { ManifestFlag } from './manifest-flag.ts';
import { withManifest } from './open-manifest.ts';
import { Report } from './report.ts';
import type { ReportFlags } from './run-flags.ts';
import type { StoreFlags } from './store-flags.ts';
import { requireManifest } from './uploads-ls.ts';
import { objectUrlText, placeText, withStore } from './with-store.ts';

export interface AbortFlags extends ManifestFlag, StoreFlags, ReportFlags {
  readonly takeOver?: boolean;
}

/** uploads abort ID. */
export async function abort(id: string, flags: AbortFlags, context: CliContext): Promise<void> {
  const report = new Report('uploads abort', flags, context);
  const path = requireManifest(flags, context);
  const { signal } = context;
  const result = await withManifest(flags, false, context, async (books) => {
    if (books === undefined) throw noUpload(`sqlite:${path}`, id);
    const item = await findUpload(books.manifest, id, signal);
    const { location, flags: storeFlags } = placeOfUpload(item, flags);
    return withStore(location, { flags: storeFlags }, context, async (store) => {
      const subject = { store: store.name, object: objectUrlText(store, location), upload: item.id };
      report.start({ subject, text: `${item.id} of ${placeText(store, location)}` });
      await abortUpload({ store, uploads: { ...books, takeOver: flags.takeOver }, id: item.id }, signal);
      return { lines: [`aborted upload ${item.id}: its parts are gone`], facts: subject };
    });
  });
  await report.result(result);
}
