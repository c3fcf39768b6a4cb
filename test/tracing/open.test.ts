import { createRequire } from 'node:module'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { openTracing } from '../../tracing/open.ts'

const log = pino({ level: 'silent' })
const loaded = () =>
  Object.keys(createRequire(import.meta.url).cache).filter((path) => /@opentelemetry\/(sdk|otlp)/.test(path))

test('the SDK of traces is loaded only where they have somewhere to go', async () => {
  expect(await openTracing(null, 'worker', log)).toBeNull()
  expect(loaded()).toEqual([])
  const tracing = await openTracing({ endpoint: 'http://127.0.0.1:1', headers: {}, share: 1 }, 'worker', log)
  await tracing?.close()
  expect(loaded().length).toBeGreaterThan(0)
})
