import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { testAccess } from './console/access.ts'
import { testData } from './console/data.ts'
import { testPage } from './console/page.ts'
import { testRuns } from './console/runs.ts'
import { testSchedules } from './console/schedules.ts'
import { testSources } from './console/sources.ts'
import { BrowserConsole } from './console/support.ts'

/*
 * The console in a real browser, on the whole service with a worker: one for all parts, which stand in files of their own
 * and come in this order. Upstream calls hang where a run has to stay under way.
 */

const it = new BrowserConsole()

beforeAll(() => it.open())
afterEach(async () => {
  it.lab.upstream.setFaults([])
  await it.lab.clear()
})
afterAll(() => it.close())

testRuns(it)
testSchedules(it)
testSources(it)
testData(it)
testPage(it)
testAccess(it)

test('nothing came from anywhere else, and neither browser nor page complained', () => {
  expect(it.asked.filter((url) => !url.startsWith('http://127.0.0.1:'))).toEqual([])
  expect(it.complaints).toEqual([])
})
