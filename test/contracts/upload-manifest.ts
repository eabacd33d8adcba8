import { describe, expect, test } from 'vitest';
import { describeCancelling, describeClosing, describeLocks } from './upload-manifest-calls.ts';
import { type MakeUploadManifest, useManifest } from './upload-manifest-ground.ts';
import { describeHeads } from './upload-manifest-heads.ts';
import { describeParts } from './upload-manifest-parts.ts';
import { describeRoundTrip } from './upload-manifest-round-trip.ts';

export type { MakeUploadManifest, UploadManifestFixture } from './upload-manifest-ground.ts';

/**
 * What every manifest of uploads must do. It asks for conditional writes of single items and no more, so that a table of
 * another kind can pass it. The factory is called once a test; manifests of several tests may be one behind the scenes.
 */
export function uploadManifestContract(manifestName: string, makeManifest: MakeUploadManifest): void {
  describe(`${manifestName}: the contract of upload manifests`, () => {
    const ground = useManifest(makeManifest);

    test('a manifest has a name', () => {
      expect(ground().manifest.name).toMatch(/^[a-z]+:./);
    });

    describe('heads', () => describeHeads(ground));
    describe('parts', () => describeParts(ground));
    describe('bytes and texts', () => describeRoundTrip(ground));
    describe('locks', () => describeLocks(ground));
    describe('cancelling', () => describeCancelling(ground));
    describe('closing', () => describeClosing(ground));
  });
}
