/**
 * Schemathesis over the OpenAPI document, against the whole product with the sandbox market: with an admin's key and without
 * any. No 5xx, no status and no content that the document does not name, no answer over 2 s; routes that wait for something by
 * their nature have longer, and event streams are left after their first events. It needs Python 3.10 and PyPI, and makes an
 * environment of its own in a temporary folder.
 *
 *   npm run test:schemathesis -- [--examples 100] [--seed 1] [--only admin|nobody|waiting|events] [--path /api/bars]
 */
import { execFile, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { openSystem, type System } from '../../bench/support/system.ts'
import { openShortStreams } from './short-streams.ts'

const { values } = parseArgs({
  options: {
    examples: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    path: { type: 'string' },
  },
})
const VERSION = '4.32.5'
const SECONDS = 2
const SECONDS_OF_WAITING = 75
/** They wait: for the end of a run, for upstreams, for a receiver. */
const WAITING = ['/sync', '/sync/daily', '/api/sync/multi-source/sources/test', '/api/notifications/test']
/** A stream that ends with its run. */
const ENDLESS = '/api/runs/{id}/events'
/** In the document. */
const EXAMPLE_RUN = '0b9c1f4e-8d2a-4c53-9a43-6f2d3c1b7e90'
const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
  'unsupported_method',
]
const PHASES = 'examples,coverage,fuzzing'
const KEY = `schemathesis-${randomUUID()}`
const run = promisify(execFile)
const say = (line: string): void => void process.stdout.write(`${line}\n`)

async function install(folder: string): Promise<string> {
  await run('python3', ['-m', 'venv', join(folder, 'venv')])
  const python = join(folder, 'venv/bin/python')
  await run(python, ['-m', 'pip', 'install', '-q', `schemathesis==${VERSION}`], { timeout: 600_000 })
  return join(folder, 'venv/bin/schemathesis')
}

// The market's calendar stands still: of days since then it has nothing, which makes errors.
const FILLED = ['success', 'success_with_errors']

/** A market with its whole history. @returns the run that has brought it */
async function fillMarket(system: System): Promise<string> {
  const answer = await fetch(`${system.stack.addresses.api}/api/runs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${KEY}` },
    body: JSON.stringify({ job: 'full_history', params: {} }),
  })
  const { id } = (await answer.json()) as { id: string }
  const { status, message } = await system.until(id, 300)
  if (!FILLED.includes(status)) throw new Error(`the market could not be filled: ${status}: ${message}`)
  return id
}

/** @returns whether everything held */
async function test(
  program: string,
  folder: string,
  url: string,
  who: string,
  more: string[],
): Promise<boolean> {
  say(`\n${who}`)
  const child = spawn(
    program,
    [
      'run',
      `${url}/openapi.json`,
      ...['--checks', CHECKS.join(), '--phases', PHASES, '--seed', values.seed],
      ...['--continue-on-failure', '--no-color', '--warnings', 'off'],
      ...['--suppress-health-check', 'all', '--request-timeout', String(SECONDS_OF_WAITING + 5)],
      ...(values.path === undefined ? [] : ['--include-path', values.path]),
      ...more,
    ],
    { stdio: ['ignore', 'inherit', 'inherit'], cwd: folder },
  )
  const [code] = (await once(child, 'exit')) as [number | null]
  return code === 0
}

const folder = mkdtempSync(join(tmpdir(), 'ashare-schemathesis-'))
const system = await openSystem({
  stocks: 60,
  years: 1,
  allSources: true,
  // Each case may change something, and 60 changes a minute are allowed.
  env: { API_KEYS: `tester:admin:${KEY}`, CHANGES_PER_MINUTE: '0' },
})
try {
  const program = await install(folder)
  const known = await fillMarket(system)
  const url = system.stack.addresses.api
  const without = [ENDLESS, ...WAITING].flatMap((path) => ['--exclude-path', path])
  const all = ['--max-examples', values.examples, '--max-response-time', String(SECONDS), ...without]
  const waiting = WAITING.flatMap((path) => ['--include-path', path])
  const admin = ['--header', `Authorization: Bearer ${KEY}`]
  const isWanted = (who: string): boolean => (values.only ?? who) === who
  const held: boolean[] = []
  if (isWanted('nobody')) held.push(await test(program, folder, url, 'without a key', all))
  if (isWanted('admin'))
    held.push(await test(program, folder, url, 'with the key of an admin', [...all, ...admin]))
  if (isWanted('waiting') && values.path === undefined) {
    const few = ['--max-examples', '3', '--max-response-time', String(SECONDS_OF_WAITING)]
    held.push(await test(program, folder, url, 'routes that wait', [...waiting, ...few, ...admin]))
  }
  if (isWanted('events') && values.path === undefined) {
    const streams = await openShortStreams(url, { example: EXAMPLE_RUN, known })
    const only = ['--include-path', ENDLESS, '--max-examples', values.examples]
    const soon = ['--max-response-time', String(SECONDS)]
    held.push(await test(program, folder, streams.url, 'event streams', [...only, ...soon, ...admin]))
    streams.close()
  }
  process.exitCode = held.every(Boolean) ? 0 : 1
} finally {
  await system.close()
  rmSync(folder, { recursive: true, force: true })
}
