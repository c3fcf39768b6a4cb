import { answerOf, type RunEvent, runEvents } from '../client/index.ts'
import type { Run } from '../api/schemas/run.ts'
import { createScreen } from '../local/demo/screen.ts'
import { isFinal } from '../workflows/contract/status.ts'
import type { Context } from './context.ts'
import { type CliError, interrupted } from './errors.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import type { Service } from './open-service.ts'
import { printable } from './text.ts'

/* Watching a run until it ends. */

// A service that is started anew is back within seconds; after this somebody should look.
const AWAY_LIMIT_MS = 2 * 60_000

/** 0 for a run that brought everything it was about, 1 for any other end. */
export const exitOf = ({ status }: Pick<Run, 'status'>): ExitCode =>
  status === 'success' ? EXIT.ok : EXIT.failed

/**
 * Shows a run until it ends.
 *
 * @throws CliError `interrupted`: the run goes on
 * @throws ApiError, or what `fetch` throws when the service has been away for two minutes
 */
export async function followRun(context: Context, { client }: Service, id: string): Promise<Run> {
  const read = (): Promise<Run> => answerOf(client.api.runs[':id'].$get({ param: { id } }))
  const stop = context.interruption()
  const view = context.json ? jsonView(context) : peopleView(context, await read())
  const away = new AbortController()
  let awaySince: number | null = null
  const onAway = (error: unknown): void => {
    awaySince ??= Date.now()
    if (Date.now() - awaySince > AWAY_LIMIT_MS) away.abort(error)
  }
  for await (const event of runEvents(client, id, { signal: AbortSignal.any([stop, away.signal]), onAway })) {
    awaySince = null
    view.event(event)
  }
  if (stop.aborted) throw goesOn(id)
  away.signal.throwIfAborted()
  const run = await read()
  view.end(run)
  return run
}

const goesOn = (id: string): CliError =>
  interrupted(
    `the run goes on: ashare-sync status ${id} --watch follows it, ashare-sync cancel ${id} ends it`,
  )

interface View {
  event: (event: RunEvent) => void
  end: (run: Run) => void
}

const jsonView = (context: Context): View => ({
  event: ({ type, data }) => context.jsonLine({ event: type, ...data }),
  end: (run) => context.jsonLine({ event: 'end', run }),
})

const USUAL_COLUMNS = 80

/** Log lines go by above the bar; without a terminal the bar is a line every few seconds. */
function peopleView({ out }: Context, first: Run): View {
  const screen = createScreen({
    isTTY: out.isTTY,
    // Read anew each time: windows change their size, and some terminals say none.
    get columns() {
      return out.columns || USUAL_COLUMNS
    },
    write: (text: string) => out.write(text),
  })
  let known = first
  const bar = (isLast: boolean): void => {
    const end = known.finished_at === null ? Date.now() : Date.parse(known.finished_at)
    const seconds = (end - Date.parse(known.started_at ?? known.created_at)) / 1_000
    const status = { ...known, status: printable(known.status), calls_used: known.calls }
    screen.bar({ runId: known.id, status, seconds, isLast })
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
      // The last bar is that of the whole run.
      if (!isFinal(known.status)) bar(false)
    },
    end: (run) => {
      known = run
      bar(true)
      if (run.message !== null) screen.line(printable(run.message))
    },
  }
}
