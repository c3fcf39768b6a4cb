import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { historyFromJSON, historyToJSON } from '@temporalio/common/lib/proto-utils.js'
import { Worker } from '@temporalio/worker'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { workflowBundle } from '../../activities/worker/bundle.ts'
import { freePort } from '../../local/ports.ts'
import { BUNDLES } from '../support/bundles.ts'
import { type Lab, openLab, TEST_TOKEN } from '../support/lab.ts'
import { yearMarket } from '../support/market.ts'
import { programOf, type Started, startProgram } from '../support/programs.ts'
import { openReceiver, type ReceivedSpan, type Receiver } from './receiver.ts'

/*
 * The API and a worker as processes of their own, with a collector: what one request sets in motion is one trace.
 */

const COLLECTOR_KEY = 'Bearer key-of-the-collector'

let lab: Lab
/** Where the worker shows the metrics of Temporal's SDK. */
let metrics: string
let receiver: Receiver
let folder: string
let api: Started
let worker: Started

async function start(file: string): Promise<Started> {
  return startProgram(await programOf(file), {
    DATABASE_URL: lab.db.url,
    TEMPORAL_ADDRESS: lab.temporal.address,
    TEMPORAL_NAMESPACE: lab.temporal.namespace,
    DATA_DIR: folder,
    PORT: '0',
    DEFAULT_SCHEDULES: 'off',
    TUSHARE_TOKEN: TEST_TOKEN,
    TUSHARE_URL: lab.upstream.url,
    TUSHARE_CALLS_PER_MINUTE: '0',
    BAOSTOCK_PRIORITY: '',
    LOG_LEVEL: 'debug',
    WORKER_METRICS_ADDRESS: metrics,
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_EXPORTER_OTLP_HEADERS: `authorization=${encodeURIComponent(COLLECTOR_KEY)}`,
  })
}

const untilReady = ({ output }: Started) =>
  vi.waitFor(() => expect(output()).toContain('READY '), { timeout: 120_000, interval: 50 })

/** Lines of a log that hold this message. */
const linesOf = ({ output }: Started, message: string) =>
  output()
    .split('\n')
    .filter((line) => line.startsWith('{') && line.includes(`"msg":"${message}"`))
    .map((line) => JSON.parse(line) as Record<string, unknown>)

beforeAll(async () => {
  receiver = await openReceiver()
  metrics = `127.0.0.1:${await freePort()}`
  lab = await openLab({ market: yearMarket(20), worker: false })
  folder = mkdtempSync(join(tmpdir(), 'ashare-trace-'))
  mkdirSync(BUNDLES, { recursive: true })
  symlinkSync(BUNDLES, join(folder, 'cache'))
  api = await start('api/main.ts')
  worker = await start('activities/worker/main.ts')
  await Promise.all([untilReady(api), untilReady(worker)])
})

afterAll(async () => {
  for (const program of [api, worker]) program.child.kill('SIGKILL')
  await Promise.all([api.ended, worker.ended])
  await lab.close()
  await receiver.close()
  rmSync(folder, { recursive: true, force: true })
})

test('a request, its workflow, the activities, the calls and the statements are one trace, and hold no secret', async () => {
  const { url } = JSON.parse(/^READY (.*)$/m.exec(api.output())?.[1] ?? '{}') as { url: string }
  const answer = await fetch(`${url}/api/runs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-request-id': 'traced-1' },
    body: JSON.stringify({ job: 'stock_list' }),
  })
  const { id } = (await answer.json()) as { id: string }
  expect((await lab.until(id)).status).toBe('success')
  const unasked = await lab.start('stock_list', { refresh: true })
  await lab.until(unasked)
  const scheduled = await lab.client.workflow.start('scheduledSync', {
    taskQueue: 'ashare-sync',
    workflowId: 'scheduled-sync/traced',
    args: [{ job: 'stock_list', params: { refresh: true } }],
  })
  expect(await scheduled.result()).toMatchObject({ outcome: 'success' })
  const measured = await (await fetch(`http://${metrics}/metrics`)).text()
  expect(measured).toMatch(/^temporal_workflow_completed\w*\{.*workflow_type="syncRun"\} [1-9]/m)
  expect(measured).toMatch(/^temporal_activity_execution_latency\w*\{.*activity_type="syncBatch"/m)
  const handles = [id, unasked].map((run) => lab.client.workflow.getHandle(`sync/${run}`))
  // The row of a run is final a moment before its workflow is.
  const [execution] = await Promise.all(handles.map(async (each) => (await each.result(), each.describe())))
  const second = await handles[1]?.describe()
  for (const { child } of [api, worker]) child.kill('SIGTERM')
  await Promise.all([api.ended, worker.ended])

  const { spans } = receiver
  const only = (name: string, within: (span: ReceivedSpan) => boolean = () => true): ReceivedSpan => {
    const [found] = spans.filter((span) => span.name === name && within(span))
    if (!found) throw new Error(`no span ${name} among ${[...new Set(spans.map((s) => s.name))].join(' | ')}`)
    return found
  }
  const http = only('POST /api/runs')
  const traced = spans.filter(({ traceId }) => traceId === http.traceId)
  const childOf = (parent: ReceivedSpan) => (span: ReceivedSpan) =>
    span.traceId === parent.traceId && span.parentId === parent.spanId
  const started = only('StartWorkflow:syncRun', childOf(http))
  const run = only('RunWorkflow:syncRun', childOf(started))
  only('RunActivity:openRun', childOf(run))
  only('RunActivity:closeRun', childOf(run))
  const call = only('fetch tushare stock_list', ({ traceId }) => traceId === http.traceId)
  const batch = only('RunActivity:syncBatch', ({ spanId }) => spanId === call.parentId)
  expect(batch.parentId).toBe(run.spanId)
  const transaction = only('transaction', childOf(batch))
  only('INSERT sync_run', childOf(http))
  expect(traced.filter(childOf(transaction)).map(({ name }) => name)).toEqual(
    expect.arrayContaining(['UPDATE sync_run', expect.stringMatching(/^SELECT sync_batch, sync_run$/)]),
  )

  expect(http).toMatchObject({ service: 'ashare-sync-api', parentId: '', kind: 2 })
  expect(http.attributes).toMatchObject({
    'http.route': '/api/runs',
    'http.response.status_code': answer.status,
    'ashare.request_id': 'traced-1',
  })
  expect(run.attributes).toMatchObject({ 'temporal.run_id': execution?.runId })
  expect(call).toMatchObject({ service: 'ashare-sync-worker', failure: null })
  expect(Number(call.attributes['ashare.rows'])).toBeGreaterThan(0)
  for (const { start, end } of traced) expect(end >= start).toBe(true)

  // What nobody asked for over HTTP has the trace of its execution.
  const own = (second?.runId ?? '').replaceAll('-', '')
  const alone = only('RunWorkflow:syncRun', ({ traceId }) => traceId === own)
  expect(alone.parentId).toBe('')
  only('RunActivity:syncBatch', childOf(alone))

  // So has a start by a schedule, and its run is part of that.
  const { spanId: byItself } = only(
    'RunWorkflow:scheduledSync',
    ({ traceId, parentId }) =>
      traceId === scheduled.firstExecutionRunId.replaceAll('-', '') && parentId === '',
  )
  const scheduledRun = only('RunWorkflow:syncRun', ({ parentId }) => parentId === byItself)
  expect(scheduledRun.traceId).toBe(scheduled.firstExecutionRunId.replaceAll('-', ''))
  only('RunActivity:syncBatch', childOf(scheduledRun))

  // Whoever reads a line of a log finds its trace.
  expect(linesOf(api, 'request').find(({ requestId }) => requestId === 'traced-1')?.['trace_id']).toBe(
    http.traceId,
  )
  expect(linesOf(worker, 'a run began').map((line) => line['trace_id'])).toEqual([
    http.traceId,
    own,
    scheduledRun.traceId,
  ])

  expect(receiver.headers[0]).toMatchObject({
    path: '/v1/traces',
    authorization: COLLECTOR_KEY,
    'content-type': 'application/x-protobuf',
  })
  const { password } = new URL(lab.db.url)
  const [stock] = lab.market.instruments
  for (const secret of [TEST_TOKEN, COLLECTOR_KEY, password || 'no password', stock?.code ?? ''])
    expect(receiver.raw().includes(secret), secret).toBe(false)
  expect(api.output() + worker.output()).not.toContain(COLLECTOR_KEY)

  const bundle = await workflowBundle(BUNDLES)
  for (const handle of handles) {
    // Through JSON, as recorded ones are.
    const history = historyFromJSON(JSON.parse(historyToJSON(await handle.fetchHistory())))
    const text = JSON.stringify(history)
    expect(text.includes('_tracer-data')).toBe(handle === handles[0])
    await Worker.runReplayHistory({ workflowBundle: bundle }, history)
  }
})
