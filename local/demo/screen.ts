import type { Voice } from '../voice.ts'
import type { LogLine, RunStatus } from './api-client.ts'

const WIDTH = 32
// In a log a line every few seconds says enough.
const LOG_EVERY_MS = 3_000

/** How far a run is. */
export interface Progress {
  runId: string
  status: RunStatus
  /** Since it was begun to watch it. */
  seconds: number
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
  let printedAt = 0
  const line = (text: string): void =>
    void out.write(out.isTTY && bar !== '' ? `\r\x1b[2K${text}\n${bar}` : `${text}\n`)
  return {
    line,
    tell: (_event, _value, lines) => lines.forEach(line),
    log: ({ level, message, seconds }) =>
      line(`${seconds.toFixed(1).padStart(6)} s  ${level === 'info' ? '' : `${level}: `}${message}`),
    bar: ({ status, seconds, isLast }) => {
      // One that wraps could not be wiped away again.
      const text = barOf(status, seconds).slice(0, out.isTTY ? Math.max(1, out.columns - 1) : undefined)
      if (out.isTTY) {
        out.write(`\r\x1b[2K${text}${isLast ? '\n' : ''}`)
        bar = isLast ? '' : text
      } else if (isLast || Date.now() - printedAt > LOG_EVERY_MS) {
        out.write(`${text}\n`)
        printedAt = Date.now()
      }
    },
  }
}

function barOf(status: RunStatus, seconds: number): string {
  const done = Math.round((status.percent / 100) * WIDTH)
  const rate = seconds > 0 ? Math.round((status.inserted + status.updated) / seconds) : 0
  const eta = status.eta_seconds === null ? '' : `, ${status.eta_seconds} s left`
  const bar = '█'.repeat(done) + '░'.repeat(WIDTH - done)
  return `${bar} ${status.percent.toFixed(1).padStart(5)} %  ${status.status}  ${status.inserted} rows, ${rate} rows/s, ${status.calls_used} calls${eta}`
}

/** For programs: what a run has logged and how far it is, with its id. */
export function createJsonScreen(voice: Voice): Screen {
  let told = ''
  return {
    ...voice,
    log: ({ runId, level, message }) => voice.tell('log', { run_id: runId, level, message }, []),
    bar: ({ runId, status }) => {
      const { status: state, percent, eta_seconds, inserted, updated, calls_used } = status
      const value = { run_id: runId, status: state, percent, eta_seconds, inserted, updated, calls_used }
      const text = JSON.stringify(value)
      if (text !== told) voice.tell('progress', value, [])
      told = text
    },
  }
}
