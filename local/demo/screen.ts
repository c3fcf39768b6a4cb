import type { RunStatus } from './api-client.ts'

const WIDTH = 32
// In a log a line every few seconds says enough.
const LOG_EVERY_MS = 3_000

/** Where the demo writes: whole lines, and below them the bar, which stands still in a terminal while lines go by. */
export interface Screen {
  line(text: string): void
  /** @param isLast it stays, and the next line begins below it */
  bar(status: RunStatus, seconds: number, isLast: boolean): void
}

export function createScreen(out: Pick<NodeJS.WriteStream, 'isTTY' | 'columns' | 'write'>): Screen {
  let bar = ''
  let printedAt = 0
  return {
    line: (text) => void out.write(out.isTTY && bar !== '' ? `\r\x1b[2K${text}\n${bar}` : `${text}\n`),
    bar: (status, seconds, isLast) => {
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
