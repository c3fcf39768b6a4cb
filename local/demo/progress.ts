import { setTimeout as sleep } from 'node:timers/promises'
import type { ApiClient, RunStatus } from './api-client.ts'
import type { DemoRun } from './runs.ts'

const FINAL = new Set(['success', 'success_with_errors', 'failed', 'cancelled', 'terminated'])
const WIDTH = 32

/** Starts a run (or joins the one that is under way) and shows how far it is until it ends. */
export async function followRun(
  api: ApiClient,
  run: DemoRun,
  print: (line: string) => void,
): Promise<string> {
  const { runId, started } = await api.trigger(run.body)
  if (!started) print(`going on with run ${runId}, which was under way`)
  const began = Date.now()
  const terminal = process.stdout.isTTY
  let printedAt = 0
  for (;;) {
    const status = await statusOrNull(api, runId)
    if (status !== null) {
      const line = progressLine(status, (Date.now() - began) / 1000)
      const final = FINAL.has(status.status)
      if (terminal) process.stdout.write(`\r\x1b[2K${line}`)
      // In a log a line every few seconds says enough.
      else if (final || Date.now() - printedAt > 3_000) {
        print(line)
        printedAt = Date.now()
      }
      if (final) {
        if (terminal) print('')
        if (status.status !== 'success') print(`${status.status}: ${status.message ?? ''}`)
        return started ? runId : await followIfOther(api, run, runId, print)
      }
    }
    await sleep(250)
  }
}

/** After a run that was under way the one that was asked for still has to come; when nothing is left it is over at once. */
async function followIfOther(
  api: ApiClient,
  run: DemoRun,
  joined: string,
  print: (line: string) => void,
): Promise<string> {
  const again = await api.trigger(run.body)
  return again.runId === joined ? joined : await followStarted(api, again.runId, print)
}

async function followStarted(api: ApiClient, runId: string, print: (line: string) => void): Promise<string> {
  for (;;) {
    const status = await statusOrNull(api, runId)
    if (status && FINAL.has(status.status)) {
      print(progressLine(status, 0))
      return runId
    }
    await sleep(250)
  }
}

/** The API is restarted when it dies: a missed answer is no reason to stop watching. */
async function statusOrNull(api: ApiClient, runId: string): Promise<RunStatus | null> {
  try {
    return await api.status(runId)
  } catch {
    return null
  }
}

function progressLine(status: RunStatus, seconds: number): string {
  const done = Math.round((status.percent / 100) * WIDTH)
  const rate = seconds > 0 ? Math.round((status.inserted + status.updated) / seconds) : 0
  const eta = status.eta_seconds === null ? '' : `, ${status.eta_seconds} s left`
  const bar = '█'.repeat(done) + '░'.repeat(WIDTH - done)
  return `${bar} ${status.percent.toFixed(1).padStart(5)} %  ${status.status}  ${status.inserted} rows, ${rate} rows/s, ${status.calls_used} calls${eta}`
}
