/** A test that can be run for longer than anybody waits for. */
export interface Endurance {
  readonly name: string;
  readonly what: string;
  /** How long it takes, for people. */
  readonly takes: string;
  readonly files: readonly string[];
  /** The environment that says how long. */
  readonly setting: {
    readonly full: Readonly<Record<string, string>>;
    readonly trial: Readonly<Record<string, string>>;
  };
}

export const endurances: readonly Endurance[] = [
  {
    name: 'kills',
    what: 'a put of 256 MiB killed with SIGKILL at 100 random moments and resumed, on each store that is installed',
    takes: 'about 30 minutes on two cores with four stores',
    files: ['test/e2e/kill-resume.test.ts'],
    setting: { full: { SEALPART_KILLS: '100' }, trial: { SEALPART_KILLS: '1' } },
  },
  {
    name: 'crash-points',
    what: 'a crash at every step of put, and at every step of the recovery from each of them',
    takes: 'about 4 minutes',
    files: ['test/faults/c01-crash-points.test.ts', 'test/faults/c01-crash-points-s3.test.ts'],
    setting: { full: { SEALPART_ENDURANCE: '1' }, trial: {} },
  },
  {
    name: 'manifest',
    what: 'the writer of a manifest killed with SIGKILL 1,000 times',
    takes: 'about 20 minutes',
    files: ['test/faults/m10-killed-manifest.test.ts'],
    setting: { full: { SEALPART_TEST_KILLS: '1000' }, trial: { SEALPART_TEST_KILLS: '5' } },
  },
];
