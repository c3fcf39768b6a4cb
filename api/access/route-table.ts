import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { matchedRoutes } from 'hono/route'
import type { ApiEnv } from '../deps.ts'
import { CONSOLE_PATHS } from '../console/routes.ts'
import { DOCS_PATHS } from '../routes/docs.ts'
import { type Access, isAccess, LEAST_ROLE } from './least-role.ts'

interface Entry {
  access: Access | null
  /** False: it declares no query, so any parameter is a mistake of the caller. */
  hasQuery: boolean
  hasBody: boolean
}

/** Routes that the OpenAPI document does not hold: itself, the page that shows it, and the console. */
const PLAIN: readonly string[] = ['/openapi.json', ...DOCS_PATHS, ...CONSOLE_PATHS]

const ORDER: readonly Access[] = ['anyone', 'viewer', 'operator', 'admin']
const stricter = (a: Access, b: Access): Access => (ORDER.indexOf(a) > ORDER.indexOf(b) ? a : b)

/** What each route of an app asks of its caller, by what the routes say themselves. */
export class RouteTable {
  readonly #app: OpenAPIHono<ApiEnv>
  // Asked for several times in each request.
  readonly #found = new WeakMap<Context, string[]>()
  #entries: ReadonlyMap<string, Entry> | null = null

  constructor(app: OpenAPIHono<ApiEnv>) {
    this.#app = app
  }

  /** By `METHOD /path/:name`. Read with the first request, when all routes are there. */
  get entries(): ReadonlyMap<string, Entry> {
    return (this.#entries ??= entriesOf(this.#app))
  }

  /**
   * What the route that answers a request asks for; null when there is none. One that does not say is for admins only.
   */
  accessOf(c: Context): Access | null {
    return this.#matched(c)
      .map((name): Access => this.entries.get(name)?.access ?? 'admin')
      .reduce<Access | null>((most, own) => (most === null ? own : stricter(most, own)), null)
  }

  /** True for a route of ours that takes no query parameters at all. */
  takesNoQuery(c: Context): boolean {
    const [name, ...others] = this.#matched(c)
    return name !== undefined && others.length === 0 && this.entries.get(name)?.hasQuery === false
  }

  /** True for a route that reads its body. */
  takesBody(c: Context): boolean {
    return this.#matched(c).some((name) => this.entries.get(name)?.hasBody)
  }

  /** What a path may be asked with; empty for one that no route has. */
  methodsAt(path: string): string[] {
    const { routes, router } = this.#app
    const all = new Set(routes.filter(isRoute).map(({ method }) => method))
    const found = [...all].filter((method) =>
      router.match(method, path)[0].some(([[, route]]) => isRoute(route)),
    )
    // Hono answers HEAD with what GET has.
    return [...found, ...(found.includes('GET') ? ['HEAD'] : [])].sort()
  }

  #matched(c: Context): string[] {
    const known = this.#found.get(c)
    if (known) return known
    // Hono registers each validator and the handler apart, and middleware under all methods.
    const names = matchedRoutes(c)
      .filter(isRoute)
      .map(({ method, path }) => `${method} ${path}`)
    const found = [...new Set(names)]
    this.#found.set(c, found)
    return found
  }
}

/** False for middleware, which hono registers under all methods and paths. */
const isRoute = ({ method, path }: { method: string; path: string }): boolean =>
  !(method === 'ALL' && (path === '*' || path === '/*'))

function entriesOf(app: OpenAPIHono<ApiEnv>): Map<string, Entry> {
  const entries = new Map<string, Entry>()
  for (const path of PLAIN) entries.set(`GET ${path}`, { access: 'anyone', hasQuery: false, hasBody: false })
  for (const definition of app.openAPIRegistry.definitions) {
    if (definition.type !== 'route') continue
    const { route } = definition
    const access: unknown = route[LEAST_ROLE]
    const name = `${route.method.toUpperCase()} ${route.path.replaceAll(/\/\{(.+?)\}/g, '/:$1')}`
    entries.set(name, {
      access: isAccess(access) ? access : null,
      hasQuery: route.request?.query !== undefined,
      hasBody: route.request?.body !== undefined,
    })
  }
  return entries
}
