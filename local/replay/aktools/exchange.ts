import type { ReplayMarket } from '../market.ts'
import type { Journal } from '../journal.ts'
import { FUNCTIONS } from './catalogue.ts'
import { damageFrame } from './damage.ts'
import type { Evaluator } from './evaluate.ts'
import { AKTOOLS_FAULTS } from './faults.ts'
import type { AktoolsFault, AktoolsFaultPlan } from './faults.ts'
import { frameJson } from './frame.ts'
import { PythonError, PythonKeyError } from './python-error.ts'
import { readArguments } from './query.ts'
import type { Arguments } from './query.ts'
import { jsonReply, NO_FRAME, replyTo, siteError, UNKNOWN_FUNCTION } from './replies.ts'
import type { Reply } from './replies.ts'
import { bindArguments, checkArguments } from './tool-function.ts'
import type { ToolFunction } from './tool-function.ts'

export interface CallDeps {
  readonly market: ReplayMarket
  readonly journal: Journal
  readonly faults: AktoolsFaultPlan
  readonly evaluator: Evaluator
  readonly now: () => number
}

/** A call's answer, and what happens to it on its way. */
export interface CallResult {
  readonly reply: Reply
  readonly wire: readonly AktoolsFault[]
  /** How long its site takes for it, in ms; 0 when no site is asked. */
  readonly siteMs: number
}

const kindOf = (fault: AktoolsFault) => AKTOOLS_FAULTS[fault.kind]

/** What a fault makes of the call before there are rows. */
const insideReply = (fault: AktoolsFault): Reply | undefined => {
  const outcome = `fault:${fault.kind}`
  if (fault.kind === 'error500') return siteError(outcome)
  if (fault.kind === 'no_frame') return { ...NO_FRAME, outcome }
  return fault.kind === 'error404'
    ? { ...replyTo(new PythonKeyError(fault.column ?? 'data'), outcome), outcome }
    : undefined
}

const answerFrame = (
  { market, evaluator }: CallDeps,
  fn: ToolFunction,
  given: Arguments,
  faults: readonly AktoolsFault[],
): Reply => {
  const isStale = faults.some(({ kind }) => kind === 'stale')
  const session = market.lastSession - (isStale ? 1 : 0)
  const damages = faults.filter((fault) => kindOf(fault) === 'frame')
  const frame = damages.reduce(damageFrame, evaluator.frameOf(fn, given, session))
  const changed = damages[0]?.kind ?? (isStale ? 'stale' : undefined)
  return jsonReply(
    200,
    frameJson(frame),
    changed === undefined ? 'ok' : `fault:${changed}`,
    frame.rows.length,
  )
}

/** The answer of a function that was called with names that it knows. */
const answerKnown = (
  deps: CallDeps,
  fn: ToolFunction,
  given: Arguments,
  faults: readonly AktoolsFault[],
): CallResult => {
  const wire = faults.filter((fault) => kindOf(fault) === 'wire')
  const done = (reply: Reply, siteMs: number): CallResult => ({ reply, wire, siteMs })
  try {
    checkArguments(fn, bindArguments(fn, given))
  } catch (error) {
    return done(replyTo(error, 'bad_argument'), 0)
  }
  const isKept = deps.evaluator.isKept(fn, given)
  const siteMs = isKept ? 0 : fn.requests(deps.market) * fn.requestMs
  // What is kept asks no site, so that no ban refuses it.
  if (!isKept && deps.faults.isBanned(faults, deps.now())) return done(siteError('fault:ban'), fn.requestMs)
  const inside = faults.map(insideReply).find((reply) => reply !== undefined)
  if (inside !== undefined) return done(inside, siteMs)
  try {
    return done(answerFrame(deps, fn, given, faults), siteMs)
  } catch (error) {
    if (!(error instanceof PythonError)) throw error
    return done(replyTo(error, 'site_error'), siteMs)
  }
}

/** Answers `GET /api/public/{name}?{query}` and writes it into the journal. */
export const answerCall = (deps: CallDeps, name: string, query: string): CallResult => {
  const started = performance.now()
  const record = (result: CallResult, params: Arguments): CallResult => {
    const { reply, wire } = result
    const cut = wire.find(({ kind }) => kind !== 'latency')
    deps.journal.add({
      at: deps.now(),
      api: name,
      token: '',
      params,
      rows: reply.rows,
      hasMore: false,
      outcome: cut === undefined ? reply.outcome : `fault:${cut.kind}`,
      ms: Math.round((performance.now() - started) * 1000) / 1000,
    })
    return result
  }
  const fn = FUNCTIONS.get(name)
  if (fn === undefined) return record({ reply: UNKNOWN_FUNCTION, wire: [], siteMs: 0 }, {})
  let given: Arguments = {}
  try {
    given = readArguments(query)
    const subject = fn.subject(bindArguments(fn, given), deps.market)
    const faults = deps.faults.match({ api: name, site: fn.site, subject, now: deps.now() })
    return record(answerKnown(deps, fn, given, faults), given)
  } catch (error) {
    if (!(error instanceof PythonError)) throw error
    return record({ reply: siteError('bad_argument'), wire: [], siteMs: 0 }, given)
  }
}
