import { readFileSync, statSync } from 'node:fs'
import { loadClientConfig, loadConfig } from '../config.ts'
import { readRunning } from '../local/running.ts'
import { Secret } from '../market/secret.ts'
import type { Context } from './context.ts'
import { usageError } from './errors.ts'
import type { ServiceOptions } from './service-options.ts'

/** Where a service is, and how it lets us in. */
export interface Whereabouts {
  url: string
  key: Secret | undefined
  /** Where people see its runs; null: not known. */
  temporalUi: string | null
  /** The user named it: if it is not there, that is wrong. */
  named: boolean
}

const DEFAULT_PORT = 8000
const EVERYWHERE = new Set(['0.0.0.0', '::', '[::]'])

/**
 * The service that a command is for: `--url`, ASHARE_URL, the one that runs on this data folder, or the default address.
 *
 * @throws CliError, ConfigError
 */
export function findService(context: Context, options: ServiceOptions): Whereabouts {
  const { ASHARE_URL, ASHARE_API_KEY } = loadClientConfig(context.env)
  const own = options.keyFile === undefined ? ASHARE_API_KEY : keyIn(context, options.keyFile)
  const named = options.url === undefined ? ASHARE_URL : addressOf(options.url)
  if (named !== undefined) return { url: named.replace(/\/+$/, ''), key: own, temporalUi: null, named: true }
  const { DATA_DIR, HOST, PORT, API_KEYS } = loadConfig(context.env)
  // Who may read the service's own settings may use its keys; they are sent to no other address.
  const key = own ?? strongest(API_KEYS)
  const running = readRunning(DATA_DIR)
  if (running) return { url: running.api, key, temporalUi: running.temporal_ui, named: false }
  const host = EVERYWHERE.has(HOST) ? '127.0.0.1' : HOST.includes(':') ? `[${HOST}]` : HOST
  return { url: `http://${host}:${PORT ?? DEFAULT_PORT}`, key, temporalUi: null, named: false }
}

function addressOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !/^https?:$/.test(url.protocol))
    throw usageError('--url and ASHARE_URL must be an address like http://127.0.0.1:8000')
  // It would stand in error messages, and fetch refuses it.
  if (url.username !== '' || url.password !== '')
    throw usageError('--url and ASHARE_URL hold no password: --key-file or ASHARE_API_KEY gives a key')
  return text.replace(/\/+$/, '')
}

function keyIn(context: Context, file: string): Secret {
  let text: string
  try {
    text = readFileSync(file, 'utf8').trim()
    if ((statSync(file).mode & 0o077) !== 0) context.note(`${file} can be read by others: chmod 600 ${file}`)
  } catch (error) {
    throw usageError(`--key-file: ${(error as Error).message}`)
  }
  if (/^[\x21-\x7e]+$/.test(text)) return new Secret(text)
  throw usageError(`--key-file: ${file} must hold one key and nothing else`)
}

type Keys = ReturnType<typeof loadConfig>['API_KEYS']

const strongest = (keys: Keys): Secret | undefined =>
  ['admin', 'operator', 'viewer'].flatMap((role) => keys.filter((each) => each.role === role)).at(0)?.key
