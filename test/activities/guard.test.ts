import { ApplicationFailure, CancelledFailure } from '@temporalio/activity'
import { MockActivityEnvironment } from '@temporalio/testing'
import { pino } from 'pino'
import postgres from 'postgres'
import { expect, test } from 'vitest'
import { guarded } from '../../activities/guard.ts'
import { createRedactor } from '../../market/redact.ts'
import { Secret } from '../../market/secret.ts'

const TOKEN = 'token-hunter2-of-an-upstream'

/** Runs an activity that ends with `error`: what Temporal is told, and what is logged. */
async function fails(error: unknown) {
  let text = ''
  const log = pino({ base: null }, { write: (line: string) => void (text += line) })
  const { redact } = createRedactor([new Secret(TOKEN)])
  const { act } = guarded({ act: () => Promise.reject(error as Error) }, { log, redact })
  const told = await new MockActivityEnvironment().run(act).catch((failure: unknown) => failure)
  const lines = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  return { told, text, lines }
}

const refusedBy = (code: string) =>
  Object.assign(new postgres.PostgresError('hunter2 in a statement'), { code, parameters: ['hunter2'] })

test('an error that nobody expected is logged with its stack, without tokens and passwords', async () => {
  const error = new TypeError(`no answer of postgres://ashare:hunter2@db/ashare with ${TOKEN}`)
  const { told, text, lines } = await fails(error)
  expect(told).toBe(error)
  expect(lines).toMatchObject([{ level: 50, msg: 'an activity failed', attempt: 1 }])
  expect(lines[0]?.['error']).toMatch(/^TypeError: no answer of postgres:\/\/\[redacted\]@db.+\n +at /)
  expect(text).not.toContain('hunter2')
})

test('a database error is logged without its statement: away as a warning, a bug as an error', async () => {
  const away = await fails(refusedBy('57P01'))
  expect(away.lines).toMatchObject([{ level: 40, reason: 'PostgreSQL refused with 57P01' }])
  const bug = await fails(refusedBy('42703'))
  expect(bug.lines).toMatchObject([{ level: 50 }])
  expect(bug.told).toMatchObject({ type: 'Bug', nonRetryable: true })
  expect(away.text + bug.text).not.toContain('hunter2')
})

test('what was cancelled is not logged, what ends a run on purpose is with its words alone', async () => {
  expect((await fails(new CancelledFailure('by request'))).lines).toEqual([])
  const { lines } = await fails(ApplicationFailure.nonRetryable(`fenced ${TOKEN}`, 'Fenced'))
  expect(lines).toMatchObject([{ level: 40, reason: 'fenced [redacted]' }])
})
