import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { keyFileRecipient } from '../../../src/keys/key-file.ts';
import type { UploadManifest } from '../../../src/manifest/upload-manifest.ts';
import type { ObjectName, ObjectStore } from '../../../src/objects/object-store.ts';
import { getObject } from '../../../src/pipelines/get-object.ts';
import { type PutRequest, type PutResult, putObject } from '../../../src/pipelines/put-object.ts';
import type { UploadOptions } from '../../../src/pipelines/uploads/upload-options.ts';
import { MemorySink } from '../../../src/sinks/memory-sink.ts';
import { openFileSource } from '../../../src/sources/file-source.ts';
import type { FramePool } from '../../../src/workers/frame-pool.ts';
import { access, calm, inlinePool, kek } from '../streams.ts';
import { CrashPlan, Died, withSteps } from './crash-plan.ts';
import { SaltLedger } from './salt-ledger.ts';

export interface SceneOptions {
  readonly store: ObjectStore;
  readonly manifest: UploadManifest;
  readonly object: ObjectName;
  readonly pool: FramePool;
  readonly folder: string;
  readonly content: Uint8Array;
  readonly segmentSizeBytes: number;
}

const reading = inlinePool();

/** How a run of a process ended. */
export interface RunOutcome {
  readonly result?: PutResult;
  readonly error?: unknown;
}

/** A store, a manifest and a source that outlive the processes which work with them. */
export class UploadScene {
  readonly options: SceneOptions;
  readonly ledger: SaltLedger = new SaltLedger();
  /** How often each part was sent, by part number, since the last `forgetCounts`. */
  readonly sentParts: Map<number, number> = new Map();
  readonly #observed: ObjectStore;
  readonly #path: string;

  private constructor(options: SceneOptions) {
    this.options = options;
    this.#path = join(options.folder, 'source.bin');
    this.#observed = this.#observe(options.store);
  }

  static async make(options: SceneOptions): Promise<UploadScene> {
    const scene = new UploadScene(options);
    await scene.writeSource(options.content);
    return scene;
  }

  /** The same ground, some of which is otherwise; counts and ledger begin anew. */
  with(changes: Partial<SceneOptions>): UploadScene {
    return new UploadScene({ ...this.options, ...changes });
  }

  get sourcePath(): string {
    return this.#path;
  }

  async writeSource(content: Uint8Array): Promise<void> {
    await writeFile(this.#path, content);
  }

  forgetCounts(): void {
    this.sentParts.clear();
  }

  /** Runs put as a process to which the plan happens. */
  async put(
    plan: CrashPlan,
    uploads: Partial<UploadOptions> = {},
    more: Partial<PutRequest> = {},
  ): Promise<RunOutcome> {
    const { object, pool, segmentSizeBytes } = this.options;
    const ground = more.store === undefined ? this.#observed : this.#observe(more.store);
    const store = withSteps(ground, 'store', plan, ['close']);
    const kept = withSteps(uploads.manifest ?? this.options.manifest, 'manifest', plan, ['close', 'lock']);
    const manifest = this.#mortalLocks(kept, plan);
    try {
      const opened = await openFileSource(this.#path);
      const source = withSteps(opened, 'source', plan, ['close']);
      if (more.source !== undefined) await source.close();
      const result = await putObject(
        {
          recipients: [keyFileRecipient(kek)],
          pool,
          segmentSizeBytes,
          digestAlg: 3,
          source,
          object,
          uploads: { access, sourcePath: this.#path, ...uploads, manifest },
          ...more,
          store,
        },
        calm,
      );
      return { result };
    } catch (error) {
      return { error };
    }
  }

  /** Puts again until it succeeds, as a user would: what happens once must not need more than two. */
  async recover(most = 3): Promise<PutResult> {
    let last: unknown;
    for (let attempt = 0; attempt < most; attempt++) {
      const { result, error } = await this.put(new CrashPlan());
      if (result !== undefined) return result;
      last = error;
    }
    throw last;
  }

  /** Part numbers that are committed: the manifest has a row whose ETag the store holds. */
  async committedParts(): Promise<number[]> {
    const { manifest, store, object } = this.options;
    const committed: number[] = [];
    for await (const item of manifest.list({ storeName: store.name, ...object }, calm)) {
      if (item.uploadId === undefined || item.state === 'aborting') continue;
      const held = new Map<number, string>();
      try {
        for await (const part of store.listParts({ ...object, uploadId: item.uploadId }, calm)) {
          held.set(part.partNumber, part.etag);
        }
      } catch {
        continue; // The upload was completed: its parts are the object's now.
      }
      for await (const row of manifest.parts(item.id, calm)) {
        if (held.get(row.partNumber) === row.etag) committed.push(row.partNumber);
      }
    }
    return committed;
  }

  /** I2: what is visible is whole and is the source, whenever one looks. */
  async checkVisible(): Promise<boolean> {
    const { store, object, content } = this.options;
    const sink = new MemorySink();
    try {
      await store.head(object, calm);
    } catch {
      return false;
    }
    await getObject({ store, object, sink, access: { ...access, objectName: object }, pool: reading }, calm);
    expect(Buffer.compare(sink.bytes(), content)).toBe(0);
    return true;
  }

  /** What has to hold when everything is over. */
  async checkSettled(): Promise<void> {
    const { store, manifest, object } = this.options;
    expect(await this.checkVisible(), 'the object is there').toBe(true);
    expect(this.ledger.violations, 'I3: no salt serves two contents').toBe(0);
    const left: string[] = [];
    for await (const upload of store.listUploads(object.bucket, calm)) {
      if (upload.key === object.key) left.push(upload.uploadId);
    }
    expect(left, 'no upload is left in the store').toEqual([]);
    const items: string[] = [];
    for await (const item of manifest.list({ storeName: store.name, ...object }, calm)) items.push(item.state);
    expect(items, 'no item is left in the manifest').toEqual([]);
  }

  #observe(store: ObjectStore): ObjectStore {
    const { ledger, sentParts } = this;
    return new Proxy(store, {
      get(target, name) {
        const value = Reflect.get(target, name);
        if (typeof value !== 'function') return value;
        const call = value.bind(target);
        if (name === 'uploadPart') {
          return (upload: unknown, partNumber: number, body: never, signal: unknown) => {
            ledger.note(body);
            sentParts.set(partNumber, (sentParts.get(partNumber) ?? 0) + 1);
            return call(upload, partNumber, body, signal);
          };
        }
        if (name === 'put') {
          return (object: unknown, body: never, ...rest: unknown[]) => {
            ledger.note(body);
            return call(object, body, ...rest);
          };
        }
        return call;
      },
    });
  }

  /** The kernel frees a dead process's locks. */
  #mortalLocks(manifest: UploadManifest, plan: CrashPlan): UploadManifest {
    return new Proxy(manifest, {
      get(target, name) {
        const value = Reflect.get(target, name);
        if (name !== 'lock') return typeof value === 'function' ? value.bind(target) : value;
        return async (id: string, epoch: number) => {
          if (plan.isDead) throw new Died('lock');
          const held = await target.lock(id, epoch);
          if (held === undefined || held === 'unknown') return held;
          let isHeld = true;
          const release = (): void => {
            if (isHeld) held.release();
            isHeld = false;
          };
          plan.onDeath(release);
          return { release };
        };
      },
    });
  }
}
