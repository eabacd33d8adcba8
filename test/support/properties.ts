import fc from 'fast-check';

// The same cases in every run, so that a failure is the change's and not the day's. To look at others, choose a seed.
fc.configureGlobal({ seed: Number(process.env.SEALPART_TEST_SEED ?? 0x5ea1) });

export { fc };
