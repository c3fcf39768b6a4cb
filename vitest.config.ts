import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    globalSetup: ['test/support/global-setup.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    // A new machine may have to build the Temporal server first, which takes four minutes.
    hookTimeout: 300_000,
    include: ['test/**/*.test.ts'],
    // Minutes of killed processes: `npm run test:chaos`.
    exclude: ['test/chaos/**'],
    // The file is where .ci/run finds the totals.
    reporters: ['default', ['json', { outputFile: 'coverage/test-report.json' }]],
  },
})
