import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '../../src/crypto/sha256.ts';
import { concatBytes, fromHex, textBytes } from '../../src/format/bytes.ts';
import { u32 } from '../../src/format/little-endian.ts';
import type { StreamParameters } from '../../src/format/stream-parameters.ts';

/** The fields of a vector's JSON, as test/vectors/README.md says. */
export interface VectorKeys {
  readonly key_file?: string;
  readonly passphrase?: string;
  readonly x25519_private?: string;
  readonly origin_key?: string;
  readonly kms?: readonly { key_arn: string; ciphertext_blob: string; plaintext: string }[];
}

export interface VectorParams {
  readonly suite: 1 | 2;
  readonly digest_alg: 1 | 2 | 3;
  readonly layout: 0 | 1;
  readonly frame_size_log2: number;
  readonly segment_size_log2: number;
  readonly segment_size_max_log2: number;
  readonly grow_every: number;
  readonly compression: 0 | 1;
  readonly header_len: number;
}

interface VectorBase {
  readonly name: string;
  readonly stream_len: number;
  readonly stream_sha256: string;
  readonly keys: VectorKeys;
  readonly asked?: { readonly bucket: string; readonly key: string };
  readonly context: Readonly<Record<string, string>>;
  readonly params: VectorParams;
}

export interface AcceptVector extends VectorBase {
  readonly content: {
    readonly length: number;
    readonly sha256: string;
    readonly hex?: string;
    readonly generator?: 'counter';
    readonly seed?: number;
  };
  readonly ranges: readonly { readonly first: number; readonly last: number; readonly sha256: string }[];
  readonly segments: readonly {
    readonly segment_index: number;
    readonly content_len: number;
    readonly total_len: number;
    readonly segment_salt: string;
    readonly digest: string;
  }[];
  readonly stream_digest: string;
  readonly writer: {
    readonly reproducible: boolean;
    readonly dek: string;
    readonly stream_id: string;
    readonly salt: string;
    readonly fields: string;
    readonly segment_salts: readonly string[];
  };
}

export interface RefuseVector extends VectorBase {
  readonly expect: { readonly code: string; readonly segment?: number; readonly frame?: number };
}

export interface Loaded<V> {
  readonly vector: V;
  readonly stream: Uint8Array;
}

/** All vectors of one folder, in the order of their names. */
export async function loadVectors<V extends VectorBase>(directory: string): Promise<Loaded<V>[]> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.json')).sort();
  return Promise.all(
    names.map(async (name) => {
      const vector = JSON.parse(await readFile(join(directory, name), 'utf8')) as V;
      const stream = new Uint8Array(await readFile(join(directory, name.replace(/\.json$/, '.stream'))));
      if (
        stream.length !== vector.stream_len ||
        !Buffer.from(sha256(stream)).equals(Buffer.from(vector.stream_sha256, 'hex'))
      ) {
        throw new Error(`${name}: the stream beside it is not the one it describes`);
      }
      return { vector, stream };
    }),
  );
}

export function hexBytes(hex: string): Uint8Array {
  const bytes = fromHex(hex);
  if (bytes === undefined) throw new Error(`not hex: ${hex.slice(0, 20)}`);
  return bytes;
}

/** The content that a vector's stream holds. */
export function contentOf({ content }: AcceptVector): Uint8Array {
  if (content.hex !== undefined) return hexBytes(content.hex);
  const label = textBytes('sealpart content');
  const blocks = Array.from({ length: Math.ceil(content.length / 32) }, (_, i) =>
    sha256(label, u32(content.seed ?? 0), u32(i)),
  );
  return concatBytes(...blocks).subarray(0, content.length);
}

export function parametersOf({ params }: VectorBase): StreamParameters {
  return {
    suite: params.suite,
    digestAlg: params.digest_alg,
    layout: params.layout,
    frameSizeLog2: params.frame_size_log2,
    segmentSizeLog2: params.segment_size_log2,
    segmentSizeMaxLog2: params.segment_size_max_log2,
    growEvery: params.grow_every,
    compression: params.compression,
    headerLen: params.header_len,
  };
}
