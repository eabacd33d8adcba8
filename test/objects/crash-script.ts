import type { ListedPart, ObjectStore, UploadName } from '../../src/objects/object-store.ts';
import { beginUpload, joined, patternBytes, putBytes, quiet, storeParts } from '../contracts/object-store/bytes.ts';

/** A call on the store, and what stands under the two keys once it has come about; undefined for no object. */
export interface ScriptCall {
  readonly name: string;
  run(store: ObjectStore): Promise<void>;
  readonly k: Uint8Array | undefined;
  readonly other: Uint8Array | undefined;
}

const k = { bucket: 'bucket', key: 'k' };
const other = { bucket: 'bucket', key: 'other' };
const first = patternBytes(3000, 1);
const second = patternBytes(4000, 2);
const parts = new Map([1, 2, 3].map((number) => [number, patternBytes(2000, 10 + number)]));
const completed = joined(parts.get(1)!, parts.get(3)!);

let upload: UploadName;
let listed: ListedPart[];

/** Calls of every kind that changes something, in the order in which they are made. */
export const script: readonly ScriptCall[] = [
  { name: 'createBucket', run: (store) => store.createBucket('bucket', quiet), k: undefined, other: undefined },
  { name: 'put', run: async (store) => void (await putBytes(store, k, first)), k: first, other: undefined },
  { name: 'overwrite', run: async (store) => void (await putBytes(store, k, second)), k: second, other: undefined },
  { name: 'put other', run: async (store) => void (await putBytes(store, other, first)), k: second, other: first },
  {
    name: 'upload parts',
    async run(store) {
      upload = await beginUpload(store, k);
      await storeParts(store, upload, new Map([[1, patternBytes(10, 9)]]));
      listed = await storeParts(store, upload, parts);
    },
    k: second,
    other: first,
  },
  {
    name: 'complete',
    async run(store) {
      await store.completeMultipart(upload, [listed[0]!, listed[2]!], {}, quiet);
    },
    k: completed,
    other: first,
  },
  {
    name: 'abort',
    async run(store) {
      const abandoned = await beginUpload(store, other);
      await storeParts(store, abandoned, parts);
      await store.abortMultipart(abandoned, quiet);
    },
    k: completed,
    other: first,
  },
  { name: 'delete', run: (store) => store.delete(other, quiet), k: completed, other: undefined },
];
