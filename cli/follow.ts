import { answerOf, type RunEvent, runEvents } from '../client/index.ts'
import type { Run } from '../api/schemas/run.ts'
import { createScreen } from '../local/demo/screen.ts'
import { isFinal } from '../workflows/contract/status.ts'
import type { Context } from './context.ts'
import { Absence } from './absence.ts'
import { type CliError, interrupted } from './errors.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import type { Service } from './open-service.ts'
import { printable } from './text.ts'

/* Watching a run until it ends. */

/** 0 for a run that brought everything it was about, 1 for any other end. */
export const exitOf = ({ status }: Pick<Run, 'status'>): ExitCode =>
  status === 'success' ? EXIT.ok : EXIT.failed

/**
 * Shows a run until it ends. A service that goes away meanwhile is waited for.
 *
 * @throws CliError `interrupted`: the run goes on
 * @throws ApiError, or what `fetch` throws when the service is away for too long
 */
export async function followRun(context: Context, { client }: Service, id: string): Promise<Run> {
  const read = (): Promise<Run> => answerOf(client.api.runs[':id'].$get({ param: { id } }))
  const stop = context.interruption()
  const view = context.json ? jsonView(context) : peopleView(context, await read())
  const absence = new Absence(view.away)
  const events = runEvents(client, id, {
    signal: AbortSignal.any([stop, absence.signal]),
    onAway: (error) => absence.note(error),
    onBack: () => absence.over(),
  })
  for await (const event of events) view.event(event)
  if (stop.aborted) throw goesOn(id)
  absence.signal.throwIfAborted()
  const run = await absence.bridge(read, stop).catch((error: unknown) => {
    throw stop.aborted ? goesOn(id) : error
  })
  view.end(run)
  return run
}

const goesOn = (id: string): CliError =>
  interrupted(
    `the run goes on: ashare-sync status ${id} --watch follows it, ashare-sync cancel ${id} ends it`,
  )

interface View {
  event: (event: RunEvent) => void
  /** The service is away, or back. */
  away: (line: string) => void
  end: (run: Run) => void
}

const jsonView = (context: Context): View => ({
  event: ({ type, data }) => context.jsonLine({ event: type, ...data }),
  away: (message) => context.jsonLine({ event: 'service', message }),
  end: (run) => context.jsonLine({ event: 'end', run }),
})

/** Log lines go by above the bar; without a terminal the bar is a line every few seconds. */
function peopleView({ out }: Context, first: Run): View {
  const screen = createScreen(out)
  const began = performance.now()
  const rowsBefore = first.inserted + first.updated
  let known = first
  const bar = (isLast: boolean): void => {
    const seconds = (performance.now() - began) / 1_000
    const status = { ...known, status: printable(known.status), calls_used: known.calls }
    screen.bar({ runId: known.id, status, seconds, rowsBefore, isLast })
  }
  bar(false)
  return {
    event: (event) => {
      if (event.type === 'log') {
        const { at, level, message } = event.data
        const mark = level === 'info' ? '' : `${level}: `
        screen.line(printable(`${(at ?? '').slice(11, 19)}  ${mark}${message}`))
        return
      }
      known = { ...known, ...event.data }
      // Behind the last progress comes the state that it has ended in.
      const isEnding = event.type === 'progress' && known.status === 'running' && event.data.phase === null
      if (!isEnding && !isFinal(known.status)) bar(false)
    },
    away: (line) => screen.line(printable(line)),
    end: (run) => {
      known = run
      bar(true)
      if (run.message !== null) screen.line(printable(run.message))
    },
  }
}
