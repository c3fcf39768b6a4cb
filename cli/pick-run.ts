import type { Run } from '../api/schemas/run.ts'
import { answerOf } from '../client/index.ts'
import type { RunState } from '../workflows/contract/status.ts'
import { CliError, usageError } from './errors.ts'
import { EXIT } from './exit-codes.ts'
import type { Service } from './open-service.ts'

/* Which run is meant where none is named. */

const UNDER_WAY = ['running', 'pending', 'waiting', 'paused'] as const satisfies RunState[]
export type OpenState = (typeof UNDER_WAY)[number]

/** The run under way, else the last one, else null. Active ones go before those that wait. */
export async function presentRun({ client }: Service): Promise<Run | null> {
  for (const status of [...UNDER_WAY, undefined]) {
    const query = { limit: '1', ...(status && { status }) }
    const { items } = await answerOf(client.api.runs.$get({ query }))
    const [newest] = items
    if (newest) return newest
  }
  return null
}

/**
 * The one run that is in one of these states.
 *
 * @throws CliError when there is none, or more than one
 */
export async function onlyRun({ client }: Service, states: readonly OpenState[]): Promise<Run> {
  const pages = await Promise.all(
    states.map((status) => answerOf(client.api.runs.$get({ query: { status, limit: '10' } }))),
  )
  const [run, ...more] = pages.flatMap(({ items }) => items)
  if (!run) throw new CliError(EXIT.failed, 'no_run', `no run is ${states.join(' or ')}`)
  if (more.length === 0) return run
  const ids = [run, ...more].map(({ id, job, status }) => `  ${id}  ${job}, ${status}`)
  throw usageError(`say which:\n${ids.join('\n')}`)
}
