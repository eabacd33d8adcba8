import { assert } from '../../assert.ts';
import { freshBytes } from '../../crypto/fresh-bytes.ts';
import { type PartRecord, partMac, uploadMac } from '../../crypto/manifest-records.ts';
import { freshHostKey, sealResumeItem } from '../../crypto/resume-item.ts';
import { toHex } from '../../format/bytes.ts';
import type { NewUpload } from '../../manifest/upload-manifest.ts';
import type { StreamToWrite } from '../seal-stream.ts';
import { hostProof } from './host-proof.ts';
import { OwnedUpload, type Ownership, ownershipOf, wayOutMs } from './owned-upload.ts';
import type { UploadTarget } from './part-sender.ts';
import { encodeIntent, intentFor } from './upload-intent.ts';
import type { UploadJournal } from './upload-journal.ts';
import type { UploadOptions } from './upload-options.ts';

export interface JournalSubject {
  readonly target: UploadTarget;
  /** What the source is now; undefined if it cannot be read again. */
  readonly fingerprint: string | undefined;
}

/** Writes an upload down in a manifest, under MACs that only the owner of the stream's keys can make. */
export class ManifestJournal implements UploadJournal {
  readonly #subject: JournalSubject;
  readonly #options: UploadOptions;
  readonly #ownership: Ownership;
  readonly #lost = new AbortController();
  #owned: OwnedUpload | undefined;
  #stream: StreamToWrite | undefined;

  constructor(subject: JournalSubject, options: UploadOptions) {
    this.#subject = subject;
    this.#options = options;
    this.#ownership = ownershipOf(options);
  }

  /** Goes on with an upload that was taken over. */
  static of(
    subject: JournalSubject,
    options: UploadOptions,
    owned: OwnedUpload,
    stream: StreamToWrite,
  ): ManifestJournal {
    const journal = new ManifestJournal(subject, options);
    journal.#stream = stream;
    journal.#own(owned);
    return journal;
  }

  get resumable(): boolean {
    return this.#subject.fingerprint !== undefined;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  async begin(stream: StreamToWrite, signal: AbortSignal): Promise<void> {
    const { target, fingerprint } = this.#subject;
    const { hostKeys, sourcePath = '' } = this.#options;
    const storeName = target.store.name;
    const id = toHex(stream.header.core.streamId);
    const resumeItem = await this.#keepHostKey(id, stream, signal);
    const upload: NewUpload = {
      id,
      storeName,
      ...target.object,
      streamHeader: stream.header.bytes,
      sourceFingerprint: await this.#intentText(id, signal),
      sourcePath: fingerprint === undefined ? '' : sourcePath,
      createdMs: this.#ownership.clock(),
      ...(resumeItem === undefined ? {} : { resumeItem }),
    };
    this.#stream = stream;
    try {
      this.#own(await OwnedUpload.create(this.#ownership, upload, signal));
    } catch (error) {
      if (resumeItem !== undefined) await hostKeys?.erase(id, AbortSignal.timeout(wayOutMs));
      throw error;
    }
  }

  async #intentText(id: string, signal: AbortSignal): Promise<string> {
    const { target, fingerprint } = this.#subject;
    const { hostKeys, sourcePath = '' } = this.#options;
    if (fingerprint === undefined) return '';
    const intent = intentFor(target, fingerprint, sourcePath);
    if (hostKeys === undefined) return encodeIntent(intent);
    return encodeIntent({ ...intent, proof: await hostProof(hostKeys, { id, ...target.object }, intent, signal) });
  }

  /** For a writer that can open no recipient. The key is kept before the item that needs it. */
  async #keepHostKey(id: string, stream: StreamToWrite, signal: AbortSignal): Promise<Uint8Array | undefined> {
    const { access, hostKeys } = this.#options;
    if (!this.resumable || access !== undefined || hostKeys === undefined) return undefined;
    const hostKey = freshHostKey();
    await hostKeys.keep(id, hostKey, signal);
    const context = { streamId: stream.header.core.streamId, coreHash: stream.coreHash };
    return sealResumeItem(hostKey, freshBytes(8), freshBytes(12), stream.keys.dataKey, context);
  }

  async created(uploadId: string, signal: AbortSignal): Promise<void> {
    const { item } = this.#theUpload();
    const { keys, coreHash } = this.#theStream();
    const mac = uploadMac(keys.manifestKey(), coreHash, { ...item, uploadId });
    await this.#theUpload().change({ state: 'open', created: { uploadId, mac } }, signal);
    this.#options.onEvent?.({ kind: 'begun', id: item.id });
  }

  async stored(part: PartRecord, signal: AbortSignal): Promise<void> {
    // Nobody can go on without the source, and then the rows would only cost.
    if (!this.resumable) return;
    const { keys, coreHash } = this.#theStream();
    await this.#theUpload().putPart(part, partMac(keys.manifestKey(), coreHash, part), signal);
  }

  async dropped(partNumber: number, signal: AbortSignal): Promise<void> {
    if (this.resumable) await this.#theUpload().removePart(partNumber, signal);
  }

  completing(signal: AbortSignal): Promise<void> {
    return this.#theUpload().change({ state: 'completing' }, signal);
  }

  reopened(signal: AbortSignal): Promise<void> {
    return this.#theUpload().change({ state: 'open' }, signal);
  }

  async aborting(signal: AbortSignal): Promise<void> {
    await this.#owned?.change({ state: 'aborting' }, signal);
  }

  async ended(signal: AbortSignal): Promise<void> {
    if (this.#owned === undefined) return;
    await this.#options.hostKeys?.erase(this.#owned.item.id, signal);
    await this.#owned.forget(signal);
  }

  async left(signal: AbortSignal): Promise<void> {
    if (this.#owned === undefined) return;
    await this.#owned.giveBack(signal);
    // What cannot be gone on with is not worth a word: the next run of the same clears it away.
    const { id, uploadId } = this.#owned.item;
    if (this.resumable && uploadId !== undefined) this.#options.onEvent?.({ kind: 'left', id });
  }

  async letGo(): Promise<void> {
    await this.#owned?.letGo();
  }

  #own(owned: OwnedUpload): void {
    this.#owned = owned;
    owned.lost.addEventListener('abort', () => this.#lost.abort(owned.lost.reason), { once: true });
    if (owned.lost.aborted) this.#lost.abort(owned.lost.reason);
  }

  #theUpload(): OwnedUpload {
    assert(this.#owned !== undefined, 'an upload begins before it goes on');
    return this.#owned;
  }

  #theStream(): StreamToWrite {
    assert(this.#stream !== undefined, 'an upload begins with its stream');
    return this.#stream;
  }
}
