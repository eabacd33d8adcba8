import { SealpartError } from '../../../src/errors.ts';
import type { UploadItem, UploadManifest } from '../../../src/manifest/upload-manifest.ts';
import type { BodyBytes, ObjectStore, UploadName } from '../../../src/objects/object-store.ts';
import { calm } from '../streams.ts';
import { type CrashKind, CrashPlan } from './crash-plan.ts';
import { orderedScene, sceneObject } from './directory-scene.ts';
import type { RunOutcome, UploadScene } from './upload-scene.ts';

/** The step of an undisturbed put at which a call happens, counted from 1; the n-th of its name, or from the end. */
export async function stepOf(name: string, nth = 1): Promise<number> {
  const plan = new CrashPlan();
  const { error } = await (await orderedScene()).put(plan);
  if (error !== undefined) throw error;
  const places = plan.steps.flatMap((step, index) => (step === name ? [index + 1] : []));
  const place = nth > 0 ? places[nth - 1] : places.at(nth);
  if (place === undefined) throw new Error(`put has no ${name} number ${nth}`);
  return place;
}

export async function crashAt(
  kind: CrashKind,
  name: string,
  nth = 1,
): Promise<{ scene: UploadScene; outcome: RunOutcome; reached: number }> {
  const scene = await orderedScene();
  const plan = new CrashPlan(await stepOf(name, nth), kind);
  const outcome = await scene.put(plan);
  return { scene, outcome, reached: plan.reached };
}

export async function itemsOf({ options }: UploadScene): Promise<UploadItem[]> {
  const items: UploadItem[] = [];
  for await (const item of options.manifest.list({}, calm)) items.push(item);
  return items;
}

export async function uploadsOf({ options }: UploadScene): Promise<string[]> {
  const ids: string[] = [];
  for await (const { uploadId } of options.store.listUploads(sceneObject.bucket, calm)) ids.push(uploadId);
  return ids;
}

export function codeOf({ error }: RunOutcome): string {
  return error instanceof SealpartError ? error.code : String(error);
}

export function codeOrDone(outcome: RunOutcome): string {
  return outcome.result === undefined ? codeOf(outcome) : 'done';
}

/** The scene's store, in which the second part waits at a gate. */
export function gated({ options }: UploadScene, gate: Promise<void>, arrived: () => void): ObjectStore {
  return new Proxy(options.store, {
    get(store, name) {
      const value = Reflect.get(store, name);
      if (typeof value !== 'function') return value;
      if (name !== 'uploadPart') return value.bind(store);
      return async (upload: UploadName, partNumber: number, body: BodyBytes, signal: AbortSignal) => {
        if (partNumber === 2) {
          arrived();
          await gate;
        }
        return store.uploadPart(upload, partNumber, body, signal);
      };
    },
  });
}

/** The scene's manifest, as one sees it that cannot tell who lives. */
export function blind({ options }: UploadScene): UploadManifest {
  return new Proxy(options.manifest, {
    get(manifest, name) {
      const value = Reflect.get(manifest, name);
      if (name === 'lock') return async () => 'unknown';
      return typeof value === 'function' ? value.bind(manifest) : value;
    },
  });
}
