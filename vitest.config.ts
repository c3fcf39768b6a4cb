import { defineConfig } from 'vitest/config'
import { LongestFirst } from './test/support/longest-first.ts'

export default defineConfig({
  test: {
    globalSetup: ['test/support/global-setup.ts'],
    pool: 'forks',
    // Files of one process share the modules that they import: the SDK, the API and drizzle take a second of a core to load,
    // and there are 230 files. What lasts from file to file must belong to nobody (test/support).
    isolate: false,
    // One more than the cores that this was measured on: a quarter of the time of a test is waiting.
    maxWorkers: 3,
    // Room for what is new: with the usual 16 MB, rows are copied from heap to heap before they are done with.
    execArgv: ['--max-semi-space-size=64', '--min-semi-space-size=16'],
    sequence: { sequencer: LongestFirst },
    // Nothing here takes a minute on a quiet machine: this ends what would never end.
    testTimeout: 180_000,
    // A new machine may have to build the Temporal server first, which takes four minutes.
    hookTimeout: 300_000,
    // What is awaited comes in milliseconds; on a busy machine, in seconds. The limit is there for what never comes.
    expect: { poll: { timeout: 20_000 } },
    include: ['test/**/*.test.ts'],
    // Minutes of killed processes: `npm run test:chaos`.
    exclude: ['test/chaos/**'],
    // The file is where .ci/run finds the totals.
    reporters: ['default', ['json', { outputFile: 'coverage/test-report.json' }]],
  },
})
