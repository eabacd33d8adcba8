import { createMemoryManifest } from '../../src/manifest/memory-manifest.ts';
import { uploadManifestContract } from '../contracts/upload-manifest.ts';

uploadManifestContract('memory', async () => {
  const manifest = createMemoryManifest();
  return { manifest, dispose: () => manifest.close() };
});
