import { config as readDotenv } from 'dotenv'
import { z } from 'zod'
import { NOTIFICATION_FORMATS } from './market/notifications.ts'
import { isRole, type Role } from './market/roles.ts'
import { Secret } from './market/secret.ts'
import type { SourceSettings } from './market/source-settings.ts'
import { isTradeDate } from './market/date.ts'
import { RUN_DEFAULTS, type RunSettings } from './market/run-settings.ts'

/*
 * The only file that reads the environment. Every variable is listed here once, with what is allowed; `.env.example`
 * shows the same list, and a test compares the two.
 */

const text = z.string().trim().min(1)
const optional = <T extends z.ZodType>(schema: T) =>
  z.preprocess((v) => (v === '' ? undefined : v), schema.optional())
const integer = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d+$/, `a whole number from ${min} to ${max}`)
    .transform(Number)
    .refine((n) => n >= min && n <= max, `a whole number from ${min} to ${max}`)
const number = (min: number, max: number, fallback: number) =>
  z.preprocess((v) => (v === '' || v === undefined ? String(fallback) : v), integer(min, max))
const choice = <const T extends readonly [string, ...string[]]>(values: T, fallback: T[number]) =>
  z.preprocess(
    (v) => (v === '' || v === undefined ? fallback : v),
    z.enum(values, `one of ${values.join(', ')}`),
  )
const urlOf = (protocols: string[], example: string) =>
  text.refine(
    (value) => URL.canParse(value) && protocols.includes(new URL(value).protocol),
    `an address like ${example}`,
  )
const secretOf = (schema: z.ZodType<string>) => schema.transform((value) => new Secret(value))
const secret = secretOf(text)
/** What commas separate; empty when unset. */
const listOf = <T>(read: (part: string) => T | null, example: string) =>
  z
    .string()
    .default('')
    .transform((value, context) => {
      const parts = value.split(',').map((part) => part.trim())
      const items = parts.filter((part) => part !== '').map(read)
      if (!items.includes(null)) return items as T[]
      context.addIssue({ code: 'custom', message: example })
      return z.NEVER
    })
const readHost = (part: string): string | null =>
  /^[\w.-]+$|^[\da-f:]+$/i.test(part) ? part.toLowerCase() : null
const readOrigin = (part: string): string | null =>
  /^https?:/.test(part) && URL.canParse(part) && new URL(part).origin === part ? part : null

// A key of your own choice has to be random as well: shorter ones can be guessed.
const readKey = (part: string): { name: string; role: Role; key: Secret } | null => {
  const [, name, role, key] = /^([\w.-]{1,60}):([a-z]+):([\x21-\x7e]{24,200})$/.exec(part) ?? []
  return name && role && key && isRole(role) ? { name, role, key: new Secret(key) } : null
}

/** Unset or empty: the default. */
const withDefault = (schema: z.ZodType<string>, fallback: string) =>
  z.preprocess((v) => (v === '' || v === undefined ? fallback : v), schema)
/** Unset: the default place in the order. Empty: the source is switched off. */
const priority = (fallback: number) =>
  z.preprocess(
    (v) => (v === undefined ? String(fallback) : v),
    z.union(
      [z.literal('').transform(() => null), integer(1, 99)],
      'a whole number from 1 to 99, or empty to switch the source off',
    ),
  )

const schema = z.object({
  HOST: withDefault(text, '127.0.0.1'),
  PORT: optional(integer(0, 65_535)),
  DATA_DIR: withDefault(text, '.data'),
  DATABASE_URL: optional(urlOf(['postgres:', 'postgresql:'], 'postgres://user:password@host:5432/ashare')),
  TEMPORAL_ADDRESS: optional(text.regex(/^[\w.-]+:\d+$/, 'host:port, like localhost:7233')),
  TEMPORAL_NAMESPACE: withDefault(text, 'default'),
  TEMPORAL_CLI: optional(text),
  TEMPORAL_API_KEY: optional(secret),
  TEMPORAL_TLS: choice(['auto', 'on', 'off'], 'auto'),
  APP_SECRET: optional(secretOf(text.min(16, 'at least 16 characters, best random ones'))),
  API_KEYS: listOf(
    readKey,
    'a list like grafana:viewer:KEY,ops:operator:KEY with keys of 24 characters or more',
  ).refine(
    (keys) => new Set(keys.map(({ name }) => name)).size === keys.length,
    'a list in which no name stands twice',
  ),
  ALLOWED_HOSTS: listOf(readHost, 'a list of names without port, like sync.example.com,192.0.2.7'),
  CORS_ORIGINS: listOf(readOrigin, 'a list of origins like https://charts.example.com'),
  CHANGES_PER_MINUTE: number(0, 100_000, 60),
  SYNC_LOCK: choice(['global', 'job'], 'global'),
  DEFAULT_SCHEDULES: choice(['on', 'off'], 'on'),
  SCHEDULES_FILE: optional(text),
  SCHEDULE_CATCHUP_HOURS: number(1, 8_760, 24),
  NOTIFY_URL: optional(secretOf(urlOf(['http:', 'https:'], 'https://hooks.example.com/services/…'))),
  NOTIFY_FORMAT: choice(['auto', ...NOTIFICATION_FORMATS], 'auto'),
  NOTIFY_SECRET: optional(secret),
  WORKER_METRICS_ADDRESS: optional(text.regex(/^[\w.-]+:\d+$/, 'host:port, like 127.0.0.1:9464')),
  LOG_LEVEL: choice(['debug', 'info', 'warn', 'error', 'silent'], 'info'),
  TUSHARE_TOKEN: optional(secret),
  TUSHARE_URL: withDefault(urlOf(['http:', 'https:'], 'https://api.tushare.pro'), 'https://api.tushare.pro'),
  TUSHARE_POINTS: optional(integer(0, 1_000_000)),
  TUSHARE_PRIORITY: priority(1),
  TUSHARE_TIMEOUT_MS: number(100, 600_000, 10_000),
  TUSHARE_CALLS_PER_MINUTE: optional(integer(0, 100_000)),
  TUSHARE_MIN_INTERVAL_MS: number(0, 600_000, 0),
  AKTOOLS_URL: optional(urlOf(['http:', 'https:'], 'http://127.0.0.1:8080')),
  AKSHARE_PRIORITY: priority(2),
  AKSHARE_TIMEOUT_MS: number(100, 600_000, 60_000),
  AKSHARE_CALLS_PER_MINUTE: optional(integer(0, 100_000)),
  AKSHARE_MIN_INTERVAL_MS: optional(integer(0, 600_000)),
  BAOSTOCK_HOST: withDefault(
    text.regex(/^[\w.-]+$/, 'a host name, like public-api.baostock.com'),
    'public-api.baostock.com',
  ),
  BAOSTOCK_PORT: number(1, 65_535, 10_030),
  BAOSTOCK_API_KEY: optional(
    secretOf(text.regex(/^bs-[0-9A-Za-z]+$/, 'an API key of BaoStock: bs- and letters or digits')),
  ),
  BAOSTOCK_PRIORITY: priority(3),
  BAOSTOCK_TIMEOUT_MS: number(100, 600_000, 120_000),
  BAOSTOCK_CALLS_PER_MINUTE: optional(integer(0, 100_000)),
  BAOSTOCK_MIN_INTERVAL_MS: optional(integer(0, 600_000)),
  BATCH_SIZE: number(1, 500, 500),
  MAX_FAILURE_RETRIES: number(0, 20, 3),
  FINANCE_BATCH_SIZE: number(1, 500, RUN_DEFAULTS.financeBatchSize),
  FINANCE_START_DATE: withDefault(
    text.refine(isTradeDate, 'a date like 2010-01-01'),
    RUN_DEFAULTS.financeStart,
  ),
  INCREMENTAL_MAX_MISSING_DAYS: number(1, 1_000, RUN_DEFAULTS.maxMissingDays),
  RECHECK_SESSIONS: number(0, 30, RUN_DEFAULTS.recheckSessions),
  HISTORY_START_DATE: withDefault(text.refine(isTradeDate, 'a date like 1990-12-19'), '1990-12-19'),
})

export type Config = Readonly<z.infer<typeof schema>>

/** All that is wrong with the environment, in one message that names each variable and what it takes. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(
      `The configuration has ${problems.length} problem${problems.length === 1 ? '' : 's'}:\n${problems.map((p) => `  ${p}`).join('\n')}\nSee .env.example for every variable.`,
    )
    this.problems = problems
  }
}

/** The names of all variables that the service reads. */
export const CONFIG_VARIABLES = Object.keys(schema.shape)

/**
 * Reads and checks the whole environment.
 *
 * @throws ConfigError naming every wrong variable at once; values are never repeated, since one may be a secret.
 */
export function loadConfig(env: NodeJS.ProcessEnv): Config {
  const result = schema.safeParse(env)
  if (result.success) return Object.freeze(result.data)
  const problems = result.error.issues.map((issue) => `${String(issue.path[0])}: ${requirement(issue)}`)
  throw new ConfigError([...new Set(problems)])
}

function requirement(issue: z.core.$ZodIssue): string {
  return `must be ${issue.message.replace(/^Invalid input: /, '')}`
}

/** The environment of this process with the values of `.env` beneath it; variables that are set win over the file. */
export function readEnvironment(dotenvPath = '.env'): NodeJS.ProcessEnv {
  const fromFile: Record<string, string> = {}
  readDotenv({ path: dotenvPath, processEnv: fromFile, quiet: true })
  return { ...fromFile, ...process.env }
}

/** How the environment sets the sources. */
export const runSettings = (config: Config): RunSettings => ({
  historyStart: config.HISTORY_START_DATE,
  batchSize: config.BATCH_SIZE,
  financeStart: config.FINANCE_START_DATE,
  financeBatchSize: config.FINANCE_BATCH_SIZE,
  maxMissingDays: config.INCREMENTAL_MAX_MISSING_DAYS,
  recheckSessions: config.RECHECK_SESSIONS,
})

export const sourceSettings = (config: Config): SourceSettings => ({
  tushare: {
    priority: config.TUSHARE_PRIORITY,
    token: config.TUSHARE_TOKEN,
    url: config.TUSHARE_URL,
    timeoutMs: config.TUSHARE_TIMEOUT_MS,
    points: config.TUSHARE_POINTS,
    callsPerMinute: config.TUSHARE_CALLS_PER_MINUTE,
    minIntervalMs: config.TUSHARE_MIN_INTERVAL_MS,
  },
  akshare: {
    priority: config.AKSHARE_PRIORITY,
    url: config.AKTOOLS_URL,
    timeoutMs: config.AKSHARE_TIMEOUT_MS,
    callsPerMinute: config.AKSHARE_CALLS_PER_MINUTE,
    minIntervalMs: config.AKSHARE_MIN_INTERVAL_MS,
  },
  baostock: {
    priority: config.BAOSTOCK_PRIORITY,
    host: config.BAOSTOCK_HOST,
    port: config.BAOSTOCK_PORT,
    apiKey: config.BAOSTOCK_API_KEY,
    timeoutMs: config.BAOSTOCK_TIMEOUT_MS,
    callsPerMinute: config.BAOSTOCK_CALLS_PER_MINUTE,
    minIntervalMs: config.BAOSTOCK_MIN_INTERVAL_MS,
  },
})
