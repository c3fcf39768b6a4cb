import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { pathOf } from './files.ts'

/** What the script prints for a report (none at all without one), and its exit code. */
function totals(report?: object): { line: string; code: number | null } {
  const folder = mkdtempSync(join(tmpdir(), 'ashare-totals-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'report.json')
  if (report) writeFileSync(file, JSON.stringify(report))
  const args = ['--import', 'tsx', pathOf('scripts/test-totals.ts'), file]
  const { stdout, status } = spawnSync(process.execPath, args, { cwd: pathOf('.'), encoding: 'utf8' })
  return { line: stdout, code: status }
}

const REPORT = {
  numPassedTests: 7,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  testResults: [{ status: 'passed', assertionResults: [{}] }],
}

test('passed tests are one plain line', () => {
  expect(totals(REPORT)).toEqual({ line: '7 passed, 0 failed\n', code: 0 })
})

test('skipped tests are named and are no failure', () => {
  expect(totals({ ...REPORT, numPendingTests: 2, numTodoTests: 1 })).toEqual({
    line: '7 passed, 0 failed, 3 skipped\n',
    code: 0,
  })
})

test('failed tests and files that could not be loaded are failures', () => {
  const testResults = [
    { status: 'failed', assertionResults: [{}] },
    { status: 'failed', assertionResults: [] },
  ]
  expect(totals({ ...REPORT, numFailedTests: 1, testResults })).toEqual({
    line: '7 passed, 2 failed\n',
    code: 1,
  })
})

test('a run without a report or without a test is a failure', () => {
  expect(totals()).toEqual({ line: '0 passed, 1 failed\n', code: 1 })
  expect(totals({ ...REPORT, numPassedTests: 0 })).toEqual({ line: '0 passed, 0 failed\n', code: 1 })
})
