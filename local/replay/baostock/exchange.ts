import type { Fault, FaultKind, FaultPlan } from '../faults.ts'
import { FAULTS } from '../faults.ts'
import type { Journal } from '../journal.ts'
import { hashToken } from '../journal.ts'
import type { ReplayMarket } from '../market.ts'
import { answerRefusal, answerRows, answerSession, APIS, damageAnswer, readQuery } from './answer.ts'
import type { Answer, Query } from './answer.ts'
import type { Api, ApiContext, Depth } from './api.ts'
import type { Connections } from './connections.ts'
import { compactDate } from './dates.ts'
import { readRequestLine } from './frame.ts'
import { LOGIN, LOGOUT, readLogin } from './login.ts'
import type { RecordWriter } from './record-writer.ts'
import {
  BAD_MESSAGE,
  BLACK_LISTED,
  NOT_LOGGED_IN,
  QUOTA_EXCEEDED,
  refusalOf,
  UNKNOWN_TYPE,
  WRONG_PARAMETER_COUNT,
} from './refusals.ts'
import type { Refusal } from './refusals.ts'
import type { Universe } from './universe.ts'

export interface ExchangeDeps {
  readonly market: ReplayMarket
  readonly universe: () => Universe
  readonly isPublished: ApiContext['isPublished']
  readonly depth: Depth
  readonly pageRows: number
  readonly apiKeys: readonly string[]
  readonly connections: Connections
  readonly journal: Journal
  readonly faults: FaultPlan
  readonly now: () => number
}

/** What the server knows of a connection. */
export interface Session {
  /** Counted from 1. */
  readonly number: number
  readonly address: string
  /** Null before the login and after the logout. */
  user: string | null
}

/** An answer, and what happens to it on its way. */
export interface Exchanged {
  readonly answer: Answer
  readonly faults: readonly Fault[]
}

/** A request as far as it could be read. */
interface Request {
  readonly type: string
  readonly fields: readonly string[]
  readonly api: Api | undefined
  readonly query: Query | Refusal | undefined
}

const isRefusal = (value: object): value is Refusal => 'text' in value

const readRequest = (line: string): Request | undefined => {
  const read = readRequestLine(line)
  if (read === undefined) return undefined
  const api = APIS.get(read.type)
  return { ...read, api, query: api === undefined ? undefined : readQuery(api, read.fields) }
}

const paramsOf = ({ query }: Request): Record<string, string> => {
  if (query === undefined || isRefusal(query)) return {}
  const { api, params, page, pageRows } = query
  return api.paged ? { ...params, page: String(page), per_page: String(pageRows) } : { ...params }
}

/** `sh.600000` as `600000.SH`, dates without dashes: what conditions of faults are written in. */
const subjectOf = ({ code = '', date = '' }: Record<string, string>): Record<string, string> => ({
  ...(code !== '' && { ts_code: `${code.slice(3)}.${code.slice(0, 2).toUpperCase()}` }),
  ...(date !== '' && { trade_date: compactDate(date) }),
})

const OF_LOGIN: readonly FaultKind[] = ['bad_token', 'too_many_logins', 'version_expired']
const OF_QUERIES: readonly FaultKind[] = ['not_logged_in', 'idle_logout', 'no_permission']

/** Which faults a request cannot meet: a count of 1 must not be used up by a login. */
const cannotMeet = ({ type, api, query }: Request, kind: FaultKind): boolean => {
  if (kind === 'bad_zlib') return api?.compressed !== true
  if (FAULTS[kind] === 'rows') return query === undefined || isRefusal(query)
  if (type === LOGIN) return OF_QUERIES.includes(kind)
  if (type === LOGOUT) return FAULTS[kind] === 'refusal' && kind !== 'system_error'
  return OF_LOGIN.includes(kind)
}

const logIn = (deps: ExchangeDeps, session: Session, fields: readonly string[]): Answer => {
  const login = readLogin(fields, deps.apiKeys)
  if (isRefusal(login)) return answerRefusal(login)
  session.user = login.user
  deps.connections.loggedIn()
  return answerSession('01', 'login', login.user, deps.now())
}

const logOut = (deps: ExchangeDeps, session: Session): Answer => {
  const { user } = session
  if (user === null) return answerRefusal(NOT_LOGGED_IN)
  session.user = null
  return answerSession('03', 'logout', user, deps.now())
}

/** Every reason not to answer a query, in the order in which it is looked for. */
const admit = (deps: ExchangeDeps, session: Session, { query }: Request): Query | Refusal => {
  if (query === undefined) return UNKNOWN_TYPE
  if (session.user === null) return NOT_LOGGED_IN
  if (!deps.connections.takeQuota(session.address)) return QUOTA_EXCEEDED
  if (isRefusal(query)) return query
  return query.user === session.user ? query : NOT_LOGGED_IN
}

const answerQuery = (
  deps: ExchangeDeps,
  session: Session,
  request: Request,
  faults: readonly Fault[],
  out: RecordWriter,
): Answer => {
  const query = admit(deps, session, request)
  if (isRefusal(query)) return answerRefusal(query)
  const { market, isPublished, depth } = deps
  const context = { market, universe: deps.universe(), params: query.params, isPublished, depth }
  const refused = query.api.check(context)
  if (refused !== undefined) return answerRefusal(refused)
  const answer = answerRows(query, context, deps.pageRows, out)
  return faults
    .filter(({ kind }) => FAULTS[kind] === 'rows')
    .reduce((damaged, fault) => damageAnswer(query.api, damaged, fault), answer)
}

const decide = (
  deps: ExchangeDeps,
  session: Session,
  request: Request,
  faults: readonly Fault[],
  out: RecordWriter,
): Answer => {
  const refusal = faults.map(refusalOf).find((found) => found !== undefined)
  // The connection stays, but who it belongs to is forgotten; `not_logged_in` forgets nothing.
  if (faults.some(({ kind }) => kind === 'idle_logout')) session.user = null
  if (refusal !== undefined) return answerRefusal(refusal)
  const { type, fields } = request
  if (type === LOGOUT)
    return fields.length === 3 ? logOut(deps, session) : answerRefusal(WRONG_PARAMETER_COUNT)
  if (deps.connections.isBlackListed(session.address)) return answerRefusal(BLACK_LISTED)
  return type === LOGIN ? logIn(deps, session, fields) : answerQuery(deps, session, request, faults, out)
}

/** Answers one line of a connection and writes it into the journal. The answer is valid until `out` is used again. */
export const exchange = (
  deps: ExchangeDeps,
  session: Session,
  line: string,
  out: RecordWriter,
): Exchanged => {
  const started = performance.now()
  const request = readRequest(line)
  const api = request?.fields[0] ?? ''
  const params = request === undefined ? {} : paramsOf(request)
  const faults =
    request === undefined
      ? []
      : deps.faults.match({
          api,
          params: { ...params, ...subjectOf(params) },
          now: deps.now(),
          cannot: (kind) => cannotMeet(request, kind),
        })
  const answer =
    request === undefined ? answerRefusal(BAD_MESSAGE) : decide(deps, session, request, faults, out)
  const wire = faults.find(({ kind }) => FAULTS[kind] === 'wire' && kind !== 'latency')
  deps.journal.add({
    at: deps.now(),
    api,
    token: session.user === null ? '' : hashToken(session.user),
    params,
    rows: answer.rows,
    hasMore: answer.hasMore,
    outcome: wire === undefined ? answer.outcome : `fault:${wire.kind}`,
    ms: Math.round((performance.now() - started) * 1000) / 1000,
    connection: session.number,
  })
  return { answer, faults: faults.filter(({ kind }) => FAULTS[kind] === 'wire') }
}
