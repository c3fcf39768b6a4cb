/**
 * Prints from vitest's JSON report each failed test with the first line of its error, then the totals of the run as one
 * line, `N passed, N failed, N skipped`. Ends with an error unless tests ran and all that ran passed.
 *
 *   node --import tsx scripts/test-totals.ts coverage/test-report.json
 */
import { existsSync, readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { stripVTControlCharacters } from 'node:util'

interface Report {
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
  numTodoTests: number
  testResults: {
    name: string
    status: string
    message?: string
    assertionResults: { status: string; fullName: string; failureMessages?: string[] }[]
  }[]
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

// The end of a long log is what is kept of it: there each failure stands in one line.
const firstLine = (text = '') => stripVTControlCharacters(text).trim().split('\n', 1)[0]?.slice(0, 300)
for (const { name, message, assertionResults } of report?.testResults ?? []) {
  const file = relative('.', name)
  for (const test of assertionResults.filter(({ status }) => status === 'failed'))
    console.log(`FAILED: ${file}: ${test.fullName}: ${firstLine(test.failureMessages?.[0])}`)
  if (message) console.log(`FAILED: ${file}: ${firstLine(message)}`)
}
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
process.exitCode = failed > 0 || passed === 0 ? 1 : 0
