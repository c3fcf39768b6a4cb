import type { OpenAPIHono } from '@hono/zod-openapi'
import { PROBLEMS, type ProblemCode } from '../problems.ts'
import type { ApiEnv } from '../deps.ts'
import { SESSION_COOKIE } from './caller.ts'
import { type Access, isAccess, LEAST_ROLE } from './least-role.ts'

/*
 * What all routes have in common, written into the OpenAPI document after the routes have said what is theirs: the keys that
 * they ask for, and the refusals that come before their handlers.
 */

const SCHEMES = {
  bearer: { type: 'http', scheme: 'bearer', description: 'A key' },
  key: { type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'The same key' },
  session: {
    type: 'apiKey',
    in: 'cookie',
    name: SESSION_COOKIE,
    description: 'From POST /api/session, for browsers',
  },
} as const

interface Response {
  description: string
  content?: Record<string, unknown>
}
interface Operation {
  [LEAST_ROLE]?: unknown
  security?: unknown
  responses: Record<string, Response>
}
type Document = ReturnType<OpenAPIHono<ApiEnv>['getOpenAPI31Document']>

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const
const READING = new Set(['get'])

/** The whole document of an app. */
export function documentOf(
  app: OpenAPIHono<ApiEnv>,
  about: Parameters<typeof app.getOpenAPI31Document>[0],
): Document {
  const document = app.getOpenAPI31Document(about)
  for (const item of Object.values(document.paths ?? {})) {
    for (const method of METHODS) {
      const operation = item[method] as Operation | undefined
      if (operation) complete(operation, method)
    }
  }
  const components = { ...document.components, securitySchemes: SCHEMES }
  return { ...document, components }
}

function complete(operation: Operation, method: string): void {
  const said = operation[LEAST_ROLE]
  const access: Access = isAccess(said) ? said : 'admin'
  // Where no key was ever made, none is asked for: hence also nothing at all.
  operation.security = access === 'anyone' ? [] : [{ bearer: [] }, { key: [] }, { session: [] }, {}]
  for (const code of refusalsOf(access, method)) addRefusal(operation, code)
}

function refusalsOf(access: Access, method: string): ProblemCode[] {
  const changing = READING.has(method) ? [] : (['too_many_changes'] as const)
  const common = ['foreign_host', 'address_too_long', ...changing] as const
  if (access === 'anyone') return [...common]
  // A role that everybody with a key has cannot be too small.
  const role = access === 'viewer' ? [] : (['role_too_small'] as const)
  return [
    ...common,
    'invalid_request',
    'key_missing',
    'key_unknown',
    'too_many_failures',
    ...role,
    'database_unavailable',
  ]
}

/** Adds what a refusal looks like, unless the route has said it itself. */
function addRefusal({ responses }: Operation, code: ProblemCode): void {
  const { status, title } = PROBLEMS[code]
  const said = responses[String(status)]
  const words = `\`${code}\`: ${title}`
  if (said?.description.includes(`\`${code}\``)) return
  if (said) {
    said.description += `; ${words}`
    return
  }
  responses[String(status)] = {
    description: words,
    content: isSeed(responses)
      ? { 'application/json': { schema: { $ref: '#/components/schemas/SeedError' } } }
      : { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  }
}

/** A route of the seeds tells its refusals as JSON of another shape. */
const isSeed = (responses: Operation['responses']): boolean =>
  JSON.stringify(responses['500']?.content ?? {}).includes('SeedError')
