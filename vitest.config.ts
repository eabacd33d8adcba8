import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Forks, because the tests start worker threads and child processes of their own.
    pool: 'forks',
    // More than there are cores: many tests wait, for locks, time limits and other processes.
    maxWorkers: 3,
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      // The lines of a worker thread are run by every test but seen by none: the same function is covered inline.
      exclude: ['src/workers/frame-worker.ts', 'src/manifest/sqlite/manifest-worker.ts', 'src/cli/main.ts'],
      reporter: ['text-summary', 'json-summary'],
      thresholds: {
        'src/format/**': { branches: 95 },
        'src/crypto/**': { branches: 95 },
        'src/segments/**': { branches: 95 },
        'src/pipelines/*.ts': { branches: 95 },
        'src/pipelines/uploads/**': { branches: 85 },
      },
    },
  },
});
