import { setTimeout as sleep } from 'node:timers/promises'
import { Client, Connection } from '@temporalio/client'
import { isFinal, type RunState } from '../../workflows/contract/status.ts'
import { emptyDatabase, marketHashes, type RunResult, runResult } from './state.ts'
import { type ChaosStack, PARTS, type Victim } from './stack.ts'

export interface Outcome {
  result: RunResult
  hashes: Record<string, string>
  /** From the request to the end of the run. */
  ms: number
}

export interface Trial extends Outcome {
  /** False: the run had ended before the moment came. */
  hit: boolean
  /** The longest time after the kill in which nothing was committed. */
  standstillMs: number
  /** Parts that died though nobody killed them. */
  bystanders: string[]
  /** Answers of the progress query that were ahead of the database. */
  leads: string[]
}

const LIMIT_MS = 180_000

/** Empties the database, starts the whole market's history, and waits for its end; `disturb` happens meanwhile. */
export async function perform(
  stack: ChaosStack,
  disturb?: (run: Watched) => Promise<void>,
): Promise<Outcome & { watched: Watched }> {
  await persist(() => emptyDatabase(stack.db.sql))
  const began = Date.now()
  const watched = new Watched(stack)
  await Promise.all([trigger(stack), watched.untilEnd(), disturb?.(watched)])
  const runId = watched.runId
  const result = await persist(() => runResult(stack.db.sql, runId))
  const hashes = await persist(() => marketHashes(stack.db.sql))
  return { result, hashes, ms: watched.endedAt - began, watched }
}

/** Kills a part `afterMs` into the run. */
export async function killDuringRun(stack: ChaosStack, victim: Victim, afterMs: number): Promise<Trial> {
  const before = PARTS.map((part) => [part, stack.pidOf(part)] as const)
  const watching = new AbortController()
  const leads: string[] = []
  let killedAt = Infinity
  const { watched, ...outcome } = await perform(stack, async (run) => {
    const asking = watchProgress(stack, run, leads, watching.signal)
    await sleep(afterMs)
    if (!run.ended) {
      killedAt = Date.now()
      stack.kill(victim)
      if (victim === 'supervisor') await stack.startAgain()
    }
    await run.end
    watching.abort()
    await asking
  })
  const bystanders =
    victim === 'supervisor'
      ? []
      : before.filter(([part, pid]) => part !== victim && stack.pidOf(part) !== pid).map(([part]) => part)
  if (victim !== 'supervisor') await untilBack(stack, victim)
  return {
    ...outcome,
    hit: killedAt < watched.endedAt,
    standstillMs: watched.longestGapAfter(killedAt),
    bystanders,
    leads,
  }
}

/** Follows a run through the database, whatever dies. */
class Watched {
  readonly #stack: ChaosStack
  readonly #changes: number[] = []
  readonly end: Promise<void>
  #finish: () => void = () => undefined
  #state = ''
  runId = ''
  endedAt = Infinity

  constructor(stack: ChaosStack) {
    this.#stack = stack
    this.end = new Promise((resolve) => (this.#finish = resolve))
  }

  get ended(): boolean {
    return this.endedAt < Infinity
  }

  async untilEnd(): Promise<void> {
    for (const until = Date.now() + LIMIT_MS; Date.now() < until; await sleep(40)) {
      await this.#look().catch(() => undefined)
      if (this.ended) return this.#finish()
    }
    this.endedAt = Date.now()
    this.#finish()
    throw new Error(`run ${this.runId} has not ended after ${LIMIT_MS / 1000} s: ${this.#state}`)
  }

  async #look(): Promise<void> {
    const [row] = await this.#stack.db.sql<{ id: string; status: RunState; state: string }[]>`
      select id, status, concat_ws(' ', status, calls, cells_done, updated_at) as state from sync_run`
    if (!row) return
    this.runId = row.id
    if (row.state !== this.#state) this.#changes.push(Date.now())
    this.#state = row.state
    if (isFinal(row.status)) this.endedAt = Date.now()
  }

  longestGapAfter(moment: number): number {
    const moments = [moment, ...this.#changes.filter((at) => at > moment)]
    return Math.max(0, ...moments.slice(1).map((at, i) => at - (moments[i] ?? at)))
  }
}
export type { Watched }

/** Asks until a run is there, as a client does that does not know whether its request arrived. */
async function trigger(stack: ChaosStack): Promise<void> {
  const body = JSON.stringify({ periods: ['daily'], ...stack.span })
  for (const until = Date.now() + LIMIT_MS; Date.now() < until; await sleep(100)) {
    try {
      const response = await fetch(`${stack.running.api}/api/sync/trigger`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
        signal: AbortSignal.timeout(20_000),
      })
      if (response.ok || response.status === 429) return
      if (response.status < 500)
        throw new TypeError(`the run was refused with ${response.status}: ${await response.text()}`)
    } catch (error) {
      if (error instanceof TypeError && error.message.startsWith('the run')) throw error
    }
    // The request may have arrived though its answer did not.
    const known = await stack.db.sql`select from sync_run`.catch(() => [])
    if (known.length > 0) return
  }
  throw new Error('the API took no run')
}

/** The progress query may lag behind the database, never lead it. */
async function watchProgress(
  stack: ChaosStack,
  run: Watched,
  leads: string[],
  signal: AbortSignal,
): Promise<void> {
  const connection = Connection.lazy({
    address: stack.running.temporal,
    channelArgs: { 'grpc.max_reconnect_backoff_ms': 1_000 },
  })
  const client = new Client({ connection })
  while (!signal.aborted) {
    await sleep(300)
    if (run.runId === '') continue
    try {
      const seen = await connection.withDeadline(Date.now() + 3_000, () =>
        client.workflow.getHandle(`sync/${run.runId}`).query<Record<string, number>>('progress'),
      )
      const [now] = await stack.db.sql<Record<string, number>[]>`
        select calls, inserted, unchanged, updated, cells_done as "cellsDone", symbols_done as done from sync_run where id = ${run.runId}`
      for (const [name, stored] of Object.entries(now ?? {}))
        if ((seen[name] ?? 0) > stored) leads.push(`${name}: ${seen[name] ?? 0} instead of ${stored}`)
    } catch {
      // Somebody is away: that is what this is about.
    }
  }
  await connection.close()
}

async function untilBack(stack: ChaosStack, victim: Exclude<Victim, 'supervisor'>): Promise<void> {
  for (const until = Date.now() + 60_000; Date.now() < until; await sleep(50)) {
    if (stack.pidOf(victim) === 0) continue
    const answer = await fetch(`${stack.running.api}/readyz`).catch(() => null)
    if (answer?.ok) return
  }
  throw new Error(`${victim} is not back`)
}

/** Repeats what fails while the database is away. */
async function persist<T>(ask: () => Promise<T>): Promise<T> {
  for (const until = Date.now() + 60_000; ; await sleep(200)) {
    try {
      return await ask()
    } catch (error) {
      if (Date.now() > until) throw error
    }
  }
}
