import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { pathOf } from './files.ts'

/** What the script prints for a report (none at all without one), and its exit code. */
function totals(report?: object): { text: string; code: number | null } {
  const folder = mkdtempSync(join(tmpdir(), 'ashare-totals-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'report.json')
  if (report) writeFileSync(file, JSON.stringify(report))
  const args = ['--import', 'tsx', pathOf('scripts/test-totals.ts'), file]
  const { stdout, status } = spawnSync(process.execPath, args, { cwd: pathOf('.'), encoding: 'utf8' })
  return { text: stdout, code: status }
}

const REPORT = {
  numPassedTests: 7,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  testResults: [
    { name: pathOf('test/a.test.ts'), status: 'passed', assertionResults: [{ status: 'passed' }] },
  ],
}

test('passed tests are one plain line', () => {
  expect(totals(REPORT)).toEqual({ text: '7 passed, 0 failed\n', code: 0 })
})

test('skipped tests are named and are no failure', () => {
  expect(totals({ ...REPORT, numPendingTests: 2, numTodoTests: 1 })).toEqual({
    text: '7 passed, 0 failed, 3 skipped\n',
    code: 0,
  })
})

test('failed tests and files that could not be loaded are failures, each named in a line', () => {
  const failure = {
    status: 'failed',
    fullName: 'the lock is given back',
    failureMessages: ['\u001b[31mAssertionError\u001b[39m: expected 1 to be 2\n    at steering.test.ts:1:1'],
  }
  const testResults = [
    { name: pathOf('test/a.test.ts'), status: 'failed', message: '', assertionResults: [failure] },
    {
      name: pathOf('test/b.test.ts'),
      status: 'failed',
      message: 'Cannot find module\nfrom b',
      assertionResults: [],
    },
  ]
  expect(totals({ ...REPORT, numFailedTests: 1, testResults })).toEqual({
    text:
      'FAILED: test/a.test.ts: the lock is given back: AssertionError: expected 1 to be 2\n' +
      'FAILED: test/b.test.ts: Cannot find module\n7 passed, 2 failed\n',
    code: 1,
  })
})

test('a run without a report or without a test is a failure', () => {
  expect(totals()).toEqual({ text: '0 passed, 1 failed\n', code: 1 })
  expect(totals({ ...REPORT, numPassedTests: 0 })).toEqual({ text: '0 passed, 0 failed\n', code: 1 })
})
