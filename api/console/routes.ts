import { Hono } from 'hono'
import type { Context } from 'hono'
import type { ApiEnv } from '../deps.ts'
import { type Asset, ConsoleAssets } from './assets.ts'

/*
 * The console: a page for people. All of it comes from this process, and it holds no data: what it shows it asks the API
 * for, with the rights of who looks at it.
 */

// Nothing but files of this very service, no script or style inside the page, and no page of others around it.
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const FILES = {
  '/': { type: 'text/html; charset=utf-8', read: (assets) => assets.page() },
  '/console/console.js': {
    type: 'text/javascript; charset=utf-8',
    read: (assets) => assets.made('console.js'),
  },
  '/console/console.css': { type: 'text/css; charset=utf-8', read: (assets) => assets.made('console.css') },
  '/console/icon.svg': { type: 'image/svg+xml', read: (assets) => assets.icon() },
} as const satisfies Record<string, { type: string; read: (assets: ConsoleAssets) => Promise<Asset> }>

/** Paths of the page, for who tells what a route asks of its caller. */
export const CONSOLE_PATHS: readonly string[] = Object.keys(FILES)

/** `/` and what the page needs. */
export function consoleRoutes(): Hono<ApiEnv> {
  const assets = new ConsoleAssets()
  const app = new Hono<ApiEnv>()
  for (const [path, { type, read }] of Object.entries(FILES))
    app.get(path, async (c) => answer(c, await read(assets), type))
  return app
}

function answer(c: Context<ApiEnv>, { body, etag }: Asset, type: string): Response {
  // Asked for each time, so that a new release is there at once; nothing is sent to who has it.
  const headers = { ETag: etag, 'Cache-Control': 'no-cache', 'Content-Security-Policy': POLICY }
  if (c.req.header('if-none-match') === etag) return c.body(null, 304, headers)
  return c.body(body, 200, { ...headers, 'Content-Type': type })
}
