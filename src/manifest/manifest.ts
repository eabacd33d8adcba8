import type { ObjectRecords } from './object-records.ts';
import type { UploadManifest } from './upload-manifest.ts';

/** All that is written down beside a store: what is durably done of uploads, and what is known of objects. */
export interface Manifest extends UploadManifest {
  /** Closed with the manifest. */
  readonly records: ObjectRecords;
}
