import { FUNCTIONS } from './catalogue.ts'
import { jsonReply, siteError } from './replies.ts'
import type { Reply } from './replies.ts'

// The versions whose answers are played.
const AKSHARE = '1.19.5'
const AKTOOLS = '0.0.91'

const VERSIONS = {
  ak_current_version: AKSHARE,
  ak_latest_version: AKSHARE,
  at_current_version: AKTOOLS,
  at_latest_version: AKTOOLS,
}

const detail = (status: number, text: string, headers: Record<string, string> = {}): Reply => ({
  ...jsonReply(status, JSON.stringify({ detail: text }), 'route'),
  headers,
})

/** Enough for a readiness probe; the label says that this is no real market. */
const openapi = (label: string): Reply => {
  const paths = [...FUNCTIONS.keys()].map((name) => [
    `/api/public/${name}`,
    { get: { summary: name, responses: { 200: { description: 'Successful Response' } } } },
  ])
  const document = {
    openapi: '3.1.0',
    info: { title: `AKTools, played from: ${label}`, version: AKSHARE },
    paths: Object.fromEntries(paths) as object,
  }
  return jsonReply(200, JSON.stringify(document), 'route')
}

const token = (body: string): Reply => {
  const form = new URLSearchParams(body)
  const [user, password] = [form.get('username') ?? '', form.get('password') ?? '']
  const missing = ['username', 'password'].filter((name) => (form.get(name) ?? '') === '')
  if (missing.length > 0) {
    const problems = missing.map((name) => ({
      type: 'missing',
      loc: ['body', name],
      msg: 'Field required',
      input: null,
    }))
    return jsonReply(422, JSON.stringify({ detail: problems }), 'route')
  }
  // The real one's only account, which is the same everywhere.
  return user === 'akshare' && password === 'akfamily'
    ? jsonReply(200, '{"access_token":"akshare","token_type":"bearer"}', 'route')
    : detail(400, 'Incorrect username or password')
}

const CALL = /^\/api\/(public|private)\/([^/]+)(\/?)$/

/** Where a request goes: to a function, or straight to a reply. */
export type Route = { readonly call: string } | { readonly reply: Reply }

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

const reply = (value: Reply): Route => ({ reply: value })
const notAllowed = (allow: string): Route => reply(detail(405, 'Method Not Allowed', { allow }))
const unauthorized = (text: string): Route => reply(detail(401, text, { 'www-authenticate': 'Bearer' }))

export interface RouteRequest {
  readonly method: string
  readonly url: URL
  readonly authorization: string | undefined
  readonly body: string
}

const callRoute = ({ method, url, authorization }: RouteRequest, match: RegExpExecArray): Route => {
  const [, side, name = '', slash] = match
  if (slash === '/') {
    const location = `${url.origin}${url.pathname.slice(0, -1)}${url.search}`
    return reply({ ...jsonReply(307, '', 'route'), headers: { location } })
  }
  if (method !== 'GET') return notAllowed('GET')
  const isBearer = /^bearer /i.test(authorization ?? '')
  if (side === 'private' && !isBearer) return unauthorized('Not authenticated')
  if (side === 'private' && authorization !== 'Bearer akshare') {
    return unauthorized('Invalid authentication credentials')
  }
  return { call: decoded(name) }
}

/** Finds a request's route as FastAPI does: unknown paths are 404, known ones with another method 405. */
export const routeOf = (request: RouteRequest, label: string): Route => {
  const { method, url } = request
  const match = CALL.exec(url.pathname)
  if (match !== null) return callRoute(request, match)
  switch (url.pathname) {
    case '/openapi.json':
      return method === 'GET' || method === 'HEAD' ? reply(openapi(label)) : notAllowed('HEAD, GET')
    case '/version':
      return method === 'GET' ? reply(jsonReply(200, JSON.stringify(VERSIONS), 'route')) : notAllowed('GET')
    case '/auth/token':
      return method === 'POST' ? reply(token(request.body)) : notAllowed('POST')
    case '/':
      // The home page fails with the starlette of these versions.
      return method === 'GET' ? reply(siteError('route')) : notAllowed('GET')
    default:
      return reply(detail(404, 'Not Found'))
  }
}
