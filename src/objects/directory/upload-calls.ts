import { checkAttributes } from '../attribute-limits.ts';
import type {
  BodyBytes,
  ListedPart,
  ListedUpload,
  ObjectAttributes,
  ObjectName,
  StoredEtag,
  StoredPart,
  UploadName,
  WriteCondition,
} from '../object-store.ts';
import { checkPartNumber } from '../part-list.ts';
import { encodeAttributes } from './attributes.ts';
import { checkBodySize } from './body-bytes.ts';
import { completeUpload } from './complete-upload.ts';
import { newEtag } from './etag.ts';
import { checkBucketName, checkName, objectLabel, quoted } from './names.ts';
import type { CallGround } from './store-ground.ts';
import { newUploadId } from './upload-id.ts';
import type { UploadPosition } from './upload-table.ts';

/** The most rows that one statement answers: the event loop stands still meanwhile. */
const pageSize = 1000;

/** What a directory store does about uploads of many parts. */
export class UploadCalls {
  readonly #ground: CallGround;

  constructor(ground: CallGround) {
    this.#ground = ground;
  }

  async begin(name: ObjectName, attributes: ObjectAttributes, signal: AbortSignal): Promise<{ uploadId: string }> {
    checkName(name);
    const label = objectLabel(name);
    checkAttributes(attributes, label);
    const columns = encodeAttributes(attributes, label);
    const { catalogue, calls } = this.#ground;
    return await calls.run(`begin an upload of ${label}`, signal, async () => {
      const initiatedMs = Date.now();
      const uploadId = newUploadId(initiatedMs);
      await catalogue.change(signal, () => {
        catalogue.requireBucket(name.bucket);
        const content = catalogue.parts.makeContent();
        const { bucket, key } = name;
        catalogue.uploads.insert({ bucket, key, uploadId, content, initiatedMs, ...columns });
      });
      return { uploadId };
    });
  }

  async storePart(upload: UploadName, partNumber: number, body: BodyBytes, signal: AbortSignal): Promise<StoredEtag> {
    checkName(upload);
    const { catalogue, calls, keeper, limits } = this.#ground;
    checkPartNumber(partNumber, limits.maxParts, objectLabel(upload));
    const label = `part ${partNumber} of ${objectLabel(upload)}`;
    const sizeBytes = checkBodySize(body, limits.maxPartBytes, label, 'invalid-part');
    return await calls.run(`store ${label}`, signal, async () => {
      await catalogue.view(signal, () => catalogue.requireUpload(upload));
      const etag = newEtag();
      await keeper.store(body, label, signal, (file) => {
        const { content } = catalogue.requireUpload(upload);
        const replaced = catalogue.parts.drop(content, partNumber);
        catalogue.parts.insert(content, { partNumber, file, sizeBytes, etag });
        return replaced;
      });
      return { etag };
    });
  }

  async *parts(upload: UploadName, signal: AbortSignal): AsyncIterable<StoredPart> {
    checkName(upload);
    const { catalogue, calls } = this.#ground;
    let after = 0;
    for (;;) {
      const page = await calls.run(`list the parts of ${objectLabel(upload)}`, signal, () =>
        catalogue.view(signal, () => catalogue.parts.page(catalogue.requireUpload(upload).content, after, pageSize)),
      );
      for (const { partNumber, sizeBytes, etag } of page) yield { partNumber, sizeBytes, etag };
      const last = page.at(-1);
      if (last === undefined || page.length < pageSize) return;
      after = last.partNumber;
    }
  }

  async *list(bucket: string, signal: AbortSignal): AsyncIterable<ListedUpload> {
    checkBucketName(bucket);
    const { catalogue, calls } = this.#ground;
    let after: UploadPosition | undefined;
    for (;;) {
      const page = await calls.run(`list the uploads of ${quoted(bucket)}`, signal, () =>
        catalogue.view(signal, () => {
          catalogue.requireBucket(bucket);
          return catalogue.uploads.page(bucket, after, pageSize);
        }),
      );
      yield* page;
      if (page.length < pageSize) return;
      after = page.at(-1);
    }
  }

  async complete(
    upload: UploadName,
    parts: readonly ListedPart[],
    condition: WriteCondition,
    signal: AbortSignal,
  ): Promise<StoredEtag> {
    checkName(upload);
    const { catalogue, calls, keeper, limits } = this.#ground;
    return await calls.run(`complete ${objectLabel(upload)}`, signal, async () => {
      const { etag, doomedFiles } = await catalogue.change(signal, () =>
        completeUpload(catalogue, upload, parts, condition, limits),
      );
      await keeper.remove(doomedFiles, signal);
      return { etag };
    });
  }

  async abort(upload: UploadName, signal: AbortSignal): Promise<void> {
    checkName(upload);
    const { catalogue, calls, keeper } = this.#ground;
    await calls.run(`abort the upload of ${objectLabel(upload)}`, signal, async () => {
      const doomedFiles = await catalogue.change(signal, () => catalogue.dropUpload(catalogue.requireUpload(upload)));
      await keeper.remove(doomedFiles, signal);
    });
  }
}
