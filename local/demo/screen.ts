import type { Voice } from '../voice.ts'
import { duration, number } from '../words.ts'
import type { LogLine, RunStatus } from './api-client.ts'

const WIDTH = 32
// In a log a line every few seconds says enough.
const LOG_EVERY_MS = 3_000
// Some terminals say none.
const USUAL_COLUMNS = 80

/** How far a run is. */
export interface Progress {
  runId: string
  status: RunStatus
  /** Since it was begun to watch it. */
  seconds: number
  /** That it had brought before. */
  rowsBefore: number
  /** There will be no other one of it. */
  isLast: boolean
}

/** Where the demo says what happens: a voice, and below its lines the bar, which stands still in a terminal while they go by. */
export interface Screen extends Voice {
  bar(progress: Progress): void
  /** What a run has logged. */
  log(line: LogLine & { runId: string; seconds: number }): void
}

type Output = Pick<NodeJS.WriteStream, 'isTTY' | 'columns' | 'write'>

/** For people. */
export function createScreen(out: Output): Screen {
  let bar = ''
  let printedAt = -Infinity
  const wipe = (): void => {
    if (out.isTTY && bar !== '') out.write('\r\x1b[2K')
    bar = ''
  }
  const line = (text: string): void =>
    void out.write(out.isTTY && bar !== '' ? `\r\x1b[2K${text}\n${bar}` : `${text}\n`)
  return {
    line,
    tell: (event, _value, lines) => {
      if (event === 'end') wipe()
      lines.forEach(line)
    },
    log: ({ level, message, seconds }) =>
      line(`${seconds.toFixed(1).padStart(6)} s  ${level === 'info' ? '' : `${level}: `}${message}`),
    bar: (progress) => {
      const { isLast } = progress
      // One that wraps could not be wiped away again.
      const text = barOf(progress).slice(0, out.isTTY ? (out.columns || USUAL_COLUMNS) - 1 : undefined)
      if (out.isTTY) {
        out.write(`\r\x1b[2K${text}${isLast ? '\n' : ''}`)
        bar = isLast ? '' : text
      } else if (isLast || performance.now() - printedAt > LOG_EVERY_MS) {
        out.write(`${text}\n`)
        printedAt = performance.now()
      }
    },
  }
}

function barOf({ status, seconds, rowsBefore, isLast }: Progress): string {
  const { percent, inserted, updated, calls_used: calls, eta_seconds: left } = status
  const done = Math.round((percent / 100) * WIDTH)
  const bar = '█'.repeat(done) + '░'.repeat(WIDTH - done)
  const rows = inserted + updated
  const rate = seconds > 0 ? Math.round((rows - rowsBefore) / seconds) : 0
  const pace = rate > 0 && (isLast || status.phase === 'syncing') ? `, ${number(rate)} rows/s` : ''
  const eta = left === null ? '' : `, about ${duration(left)} left`
  return `${bar} ${percent.toFixed(1).padStart(5)} %  ${stateOf(status)}  ${number(rows)} rows${pace}, ${number(calls)} calls${eta}`
}

/** Cells are planned when the lists are there; until then no share of them can be done. */
function stateOf({ status, phase, ...run }: RunStatus): string {
  const isAtLists = phase === 'syncing' && run.cells_total === 0
  return isAtLists ? `lists, ${run.batches_done} of ${run.batches_total} batches` : (phase ?? status)
}

/** For programs: what a run has logged and how far it is, with its id. */
export function createJsonScreen(voice: Voice): Screen {
  let told = ''
  return {
    ...voice,
    log: ({ runId, level, message }) => voice.tell('log', { run_id: runId, level, message }, []),
    bar: ({ runId, status }) => {
      const { status: state, phase, percent, eta_seconds, batches_done, batches_total, ...counts } = status
      const { inserted, updated, calls_used } = counts
      const share = { percent, eta_seconds, batches_done, batches_total }
      const value = { run_id: runId, status: state, phase, ...share, inserted, updated, calls_used }
      const text = JSON.stringify(value)
      if (text !== told) voice.tell('progress', value, [])
      told = text
    },
  }
}
