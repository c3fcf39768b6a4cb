/**
 * Prints the totals of a test run as one line, `N passed, N failed, N skipped`, from vitest's JSON report. Ends with an
 * error unless tests ran and all that ran passed.
 *
 *   node --import tsx scripts/test-totals.ts coverage/test-report.json
 */
import { existsSync, readFileSync } from 'node:fs'

interface Report {
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
  numTodoTests: number
  testResults: { status: string; assertionResults: unknown[] }[]
}

const file = process.argv[2] ?? ''
// Without a report the runner itself broke down, which is a failure and not an empty run.
const report = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Report) : null
// A file that could not even be loaded reports no test.
const broken =
  report?.testResults.filter((r) => r.status === 'failed' && r.assertionResults.length === 0) ?? []
const passed = report?.numPassedTests ?? 0
const failed = report ? report.numFailedTests + broken.length : 1
const skipped = report ? report.numPendingTests + report.numTodoTests : 0

console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
process.exitCode = failed > 0 || passed === 0 ? 1 : 0
