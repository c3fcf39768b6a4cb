import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js'
import { Worker } from '@temporalio/worker'
import { expect, test } from 'vitest'
import { workflowBundle } from '../../activities/worker/bundle.ts'
import { BUNDLES } from '../support/bundles.ts'
import { TEST_TOKEN } from '../support/lab.ts'
import { quietRuntime } from '../support/temporal.ts'

const FOLDER = join(import.meta.dirname, 'histories')
const names = readdirSync(FOLDER).filter((name) => name.endsWith('.json'))
const read = (name: string) => readFileSync(join(FOLDER, name), 'utf8')

test('histories of a full, a paused, a cancelled, an isolating run, of several sources and of schedules are there', () => {
  expect(names).toEqual(
    expect.arrayContaining([
      'daily-history-full.json',
      'daily-history-paused.json',
      'daily-history-cancelled.json',
      'daily-history-isolated.json',
      'daily-history-failover.json',
      'stock-list.json',
      'daily-history-gives-way.json',
      'scheduled.json',
      'scheduled-tried-again.json',
      'scheduled-superseded.json',
      'scheduled-cancelled.json',
    ]),
  )
})

test.each(names)('the workflow replays %s', async (name) => {
  quietRuntime()
  const workflow = await workflowBundle(BUNDLES)
  await Worker.runReplayHistory({ workflowBundle: workflow }, historyFromJSON(JSON.parse(read(name))))
})

test.each(names)('%s holds no secret and no payload over 16 KB', (name) => {
  const text = read(name)
  expect(text.includes(TEST_TOKEN)).toBe(false)
  const payloads = [...text.matchAll(/"data": "([A-Za-z0-9+/=]*)"/g)].map((match) =>
    Buffer.from(match[1] ?? '', 'base64'),
  )
  expect(payloads.length).toBeGreaterThan(0)
  for (const payload of payloads) {
    expect(payload.length).toBeLessThan(16_384)
    expect(payload.includes(TEST_TOKEN)).toBe(false)
  }
})
