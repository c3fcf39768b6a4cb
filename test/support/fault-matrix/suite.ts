import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SOURCE_MODES, type SourceMode } from '../../../market/run-params.ts'
import { type SourceName, SOURCES } from '../../../market/sources.ts'
import type { RunState } from '../../../workflows/contract/status.ts'
import { type FaultCase, ORDER, type OwnEnd } from './case.ts'
import { FAULT_CASES } from './cases.ts'
import type { Attempt } from './history.ts'
import { type FaultLab, openFaultLab } from './lab.ts'
import type { Played } from './played.ts'
import { unitCases } from './unit-cases.ts'

/*
 * Every fault of a source in every mode: it ends in its class, others bring what the source does not, nothing untrue is
 * stored, and a person can read why, in the run's log as well as in the Temporal Web UI.
 */

// In these minutes the limit of a day is over too soon for anybody to step in.
const DAY_ENDS_SOON = new Date(Date.now() + 8 * 3_600_000).toISOString().slice(11, 16) >= '23:40'

type Outcomes = Map<FaultCase, Partial<Record<SourceMode, string>>>

/** Defines the tests of one source; its part of the matrix is printed at the end. */
export function describeFaults(source: SourceName): void {
  const cases = FAULT_CASES.filter((each) => each.source === source)
  const outcomes: Outcomes = new Map()
  let faults: FaultLab
  beforeAll(async () => {
    faults = await openFaultLab()
  })
  afterAll(async () => {
    await faults.close()
    printMatrix(outcomes)
  })

  describe.each(cases)('$fault', (each) => {
    test.skipIf(DAY_ENDS_SOON && each.all === 'waits').each(each.modes)('%s', async (mode) => {
      const played = await faults.play(each, mode)
      outcomes.set(each, { ...outcomes.get(each), [mode]: wordsFor(each, played) })
      expectTruth(played)
      expectClass(each, played)
      expectReason(each, played)
      expectHangsAreFew(each, played)
      if (mode === 'all') expectOwnEnd(each, played)
      else expect(played.run).toMatchObject({ status: 'success', message: null })
      if (mode === 'failover') expectHelp(each, played)
    })
  })

  test.each(unitCases(source))('a slip of units is never stored: $fault', async (each) => {
    const played = await faults.play(each, 'failover')
    expectTruth(played)
    expectClass(each, played)
    expectReason(each, played)
    expectHelp(each, played)
    expect(played.own).toBe(0)
  })

  test('while it rests the Web UI says why, and what it lacks is brought as soon as it is up', async () => {
    const [reset] = cases.filter(({ fault }) => fault === 'reset')
    if (!reset) throw new RangeError(`no reset of ${source}`)
    const { run, details } = await faults.playUntil(reset, async (look) => {
      for (;;) {
        const shown = await look()
        if (shown.includes('rests until')) return shown
        await sleep(50)
      }
    })
    expect(details).toContain(`${source}${source === 'akshare' ? ' (eastmoney)' : ''} rests until`)
    expect(details).toMatch(reset.reason ?? /never/)
    expect(run.lacking[source]).toEqual([])
    expect(run.run.status).toBe('success')
  })
}

function expectTruth({ wrong, absent, counters }: Played): void {
  expect(wrong).toEqual([])
  expect(absent).toEqual([])
  expect(counters).toHaveLength(1)
}

function expectClass(
  { source, errorClass, refused }: FaultCase,
  { ui, refused: inQuarantine }: Played,
): void {
  const classes = new Set(
    ui.attempts.flatMap((attempt) => (attempt.source === source ? (attempt.errorClass ?? []) : [])),
  )
  expect([...classes]).toEqual(errorClass === 'none' ? [] : [errorClass])
  expect(inQuarantine.samples > 0).toBe(errorClass === 'SchemaDrift')
  expect(inQuarantine.rows > 0).toBe(refused !== 'none')
}

function expectReason({ source, reason }: FaultCase, { log, ui }: Played): void {
  const lines = log.filter(({ level }) => level !== 'info').map(({ message }) => message)
  if (reason === null) return expect(lines.filter((line) => !line.startsWith('AKTools keeps'))).toEqual([])
  const isIt = (line: string) => reason.test(line) && line.includes(source)
  expect(lines.filter(isIt)).not.toEqual([])
  expect(ui.text.split('\n').filter(isIt)).not.toEqual([])
}

/** A source that hangs costs its time limit once for each rest, however many batches wait for it. */
function expectHangsAreFew({ source, fault }: FaultCase, { ui, hits, failures }: Played): void {
  if (fault !== 'hang') return
  const asked = ui.attempts.filter((each) => each.source === source)
  const hung = asked.filter(({ errorClass }) => errorClass !== null)
  const isBatch = ({ activity }: Attempt) => activity === 'syncBatch'
  // While it rests nobody asks it.
  for (const { endedMs, restingUntilMs } of hung)
    expect(hung.filter(({ startedMs: at }) => at > endedMs && at < (restingUntilMs ?? 0))).toEqual([])
  // Those in hand together wait for the same answer; the others wait until a probe was answered.
  const answered = asked.filter((each) => !isBatch(each) && each.errorClass === null).length
  const batches = hung.filter(isBatch).length
  expect(batches).toBeGreaterThan(0)
  expect(batches).toBeLessThanOrEqual(SOURCES[source].batchesAtOnce * (1 + answered))
  // Each sends one request. Symbols that are looked at one by one are failures; one may be on its way at the end.
  expect(hits).toBeLessThanOrEqual(hung.length + failures + 1)
}

function expectHelp({ source, next, refused, scope }: FaultCase, played: Played): void {
  const lacking = played.lacking[source].length
  expect(lacking > 0).toBe(next !== '-')
  // Who is asked for the Beijing stocks of a day brings the whole market with them.
  if (scope === 'market') expect(played.helpers).toContain(next)
  else expect(played.helpers).toEqual(next === '-' ? [] : [next])
  if (refused === 'all') expect(played.refused.rows).toBe(lacking)
}

const OWN_STATUS: Readonly<Record<OwnEnd, readonly RunState[]>> = {
  complete: ['success'],
  // What others have brought is nobody's failure; the log names the source that lacks it.
  lacks: ['success'],
  // A success of any source closes the failures of all of them, so it depends on who is last.
  fails: ['success', 'success_with_errors'],
  waits: ['waiting'],
}

function expectOwnEnd({ source, all }: FaultCase, played: Played): void {
  for (const other of ORDER[source].slice(1)) expect(played.lacking[other]).toEqual([])
  expect(played.lacking[source].length > 0).toBe(all !== 'complete')
  expect(played.failures > 0).toBe(all === 'fails')
  expect(OWN_STATUS[all]).toContain(played.run.status)
}

function wordsFor({ source }: FaultCase, { run, lacking, absent, ms }: Played): string {
  const others = lacking[source].length
  const words = [
    absent.length === 0 ? 'complete' : `${absent.length} absent`,
    ...(others === 0 ? [] : [`${others} by others`]),
    ...(run.status === 'success' ? [] : [run.status]),
  ]
  return `${words.join(', ')} (${(ms / 1000).toFixed(1)} s)`
}

function printMatrix(outcomes: Outcomes): void {
  const runs = [...outcomes.values()].reduce((sum, modes) => sum + Object.keys(modes).length, 0)
  const rows = [...outcomes].map(([{ source, fault, errorClass, next }, modes]) => [
    `${source}: ${fault}`,
    errorClass,
    next,
    ...SOURCE_MODES.map((mode) => modes[mode] ?? ''),
  ])
  const table = [['fault', 'class', 'next source', ...SOURCE_MODES], ...rows]
  const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? []
  const lines = table.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  console.log([...lines, `${outcomes.size} faults, ${runs} runs`].join('\n'))
}
