import { defineConfig } from 'vitest/config'
import base from './vitest.config.ts'

/** The tests that kill processes: one file at a time, since each of them wants the whole machine. */
export default defineConfig({
  test: {
    ...base.test,
    include: ['test/chaos/**/*.test.ts'],
    exclude: [],
    maxWorkers: 1,
    testTimeout: 600_000,
    reporters: ['default'],
  },
})
