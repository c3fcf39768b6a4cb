import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { FAULTS } from '../faults.ts'
import type { Fault, FaultPlan } from '../faults.ts'
import {
  admit,
  answerRefusal,
  answerRows,
  damageAnswer,
  isRowFault,
  readRequest,
  refusalOf,
} from './answer.ts'
import type { Answer, AnswerDeps, Request } from './answer.ts'
import { readBody, sendBody } from '../http.ts'
import { hashToken } from '../journal.ts'
import type { Journal } from '../journal.ts'
import { JsonWriter } from './json-writer.ts'
import type { Refusal } from './refusals.ts'

export interface ExchangeDeps extends Omit<AnswerDeps, 'requestId'> {
  readonly journal: Journal
  readonly faults: FaultPlan
  readonly now: () => number
  readonly latency: 'none' | 'live'
  readonly gzip: boolean
}

// Seen from China: 55 ms for a small answer, 140 ms for 5,329 rows of `daily`.
const LIVE_BASE_MS = 55
const LIVE_ROW_MS = 0.016

const isRefusal = (value: object): value is Refusal => 'msg' in value

/** Finds the answer to a request that was understood; faults that change it included. */
const decide = (
  deps: ExchangeDeps,
  ids: () => string,
  request: Request,
  faults: readonly Fault[],
  out: JsonWriter,
): Answer => {
  const now = deps.now()
  for (const fault of faults) {
    const refusal = refusalOf(fault, request.api, deps.generation)
    if (refusal !== undefined) return { ...answerRefusal(refusal, ids()), outcome: `fault:${fault.kind}` }
  }
  const admitted = admit(request, { ...deps, requestId: ids }, now)
  if (isRefusal(admitted)) return answerRefusal(admitted, ids())
  const answer = answerRows(admitted, request, { ...deps, requestId: ids }, out)
  return faults.filter(isRowFault).reduce(damageAnswer, answer)
}

/** Puts an answer on the wire, or what a fault makes of it. Never resolves early: a hang ends with the connection. */
const send = async (
  deps: ExchangeDeps,
  req: IncomingMessage,
  res: ServerResponse,
  answer: Answer,
  fault?: Fault,
): Promise<void> => {
  if (fault === undefined) return sendBody(req, res, answer.body, deps.gzip)
  if (fault.kind === 'reset') {
    req.socket.resetAndDestroy()
  } else if (fault.kind === 'http_status') {
    res
      .writeHead(fault.status ?? 502, { 'content-type': 'text/html' })
      .end('<html><body>Bad Gateway</body></html>')
  } else if (fault.kind === 'html') {
    res
      .writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
      .end('<!DOCTYPE html><html><body>系统维护中</body></html>')
  } else if (fault.kind === 'truncated') {
    const length = Math.floor((answer.body.length * (fault.percent ?? 50)) / 100)
    res
      .writeHead(200, { 'content-type': 'application/json; charset=utf-8' })
      .end(answer.body.subarray(0, length))
  } else if (fault.kind === 'hang' && fault.ms !== undefined) {
    await sleep(fault.ms)
    res.destroy()
  }
}

const record = (
  deps: ExchangeDeps,
  request: Request | Refusal,
  answer: Answer,
  outcome: string,
  started: number,
): void => {
  const known = isRefusal(request) ? { api: '', token: '', params: {} } : request
  deps.journal.add({
    at: deps.now(),
    api: known.api,
    token: known.token === '' ? '' : hashToken(known.token),
    params: known.params,
    rows: answer.rows,
    hasMore: answer.hasMore,
    outcome,
    ms: Math.round((performance.now() - started) * 1000) / 1000,
  })
}

/** Creates the handler of data requests: any path, POST, one call per request. */
export const createExchange = (deps: ExchangeDeps) => {
  // Writers are lent to one response each and come back when its bytes are out.
  const writers: JsonWriter[] = []
  let calls = 0
  const ids = (): string => (++calls).toString(16).padStart(32, '0')
  return async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const body = await readBody(req)
    const started = performance.now()
    const request = readRequest(body)
    const out = writers.pop() ?? new JsonWriter()
    res.once('close', () => writers.push(out))
    const faults = isRefusal(request) ? [] : deps.faults.match({ ...request, now: deps.now() })
    const answer = isRefusal(request)
      ? answerRefusal(request, ids())
      : decide(deps, ids, request, faults, out)
    const wire = faults.find((fault) => FAULTS[fault.kind] === 'wire' && fault.kind !== 'latency')
    record(deps, request, answer, wire === undefined ? answer.outcome : `fault:${wire.kind}`, started)
    let wait = deps.latency === 'live' ? LIVE_BASE_MS + LIVE_ROW_MS * answer.rows : 0
    for (const fault of faults) if (fault.kind === 'latency') wait += fault.ms ?? 1000
    if (wait > 0) await deps.faults.wait(wait)
    await send(deps, req, res, answer, wire)
  }
}
