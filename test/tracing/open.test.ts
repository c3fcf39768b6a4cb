import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { pathOf } from '../project/files.ts'

// In a process of its own: what other tests have loaded stays loaded in this one.
const PROGRAM = `
  import { createRequire } from 'node:module'
  import { pino } from 'pino'
  import { openTracing } from './tracing/open.ts'
  const log = pino({ level: 'silent' })
  const loaded = () =>
    Object.keys(createRequire(import.meta.url).cache).filter((path) => /@opentelemetry\\/(sdk|otlp)/.test(path)).length
  const none = await openTracing(null, 'worker', log)
  const before = loaded()
  const tracing = await openTracing({ endpoint: 'http://127.0.0.1:1', headers: {}, share: 1 }, 'worker', log)
  await tracing.close()
  process.stdout.write(JSON.stringify({ none, before, isLoaded: loaded() > 0 }))
`

test('the SDK of traces is loaded only where they have somewhere to go', async () => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '--eval', PROGRAM],
    { cwd: pathOf('.') },
  )
  expect(JSON.parse(stdout)).toEqual({ none: null, before: 0, isLoaded: true })
})
