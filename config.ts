import { z } from 'zod'
import { fileVariable, FROM_FILES, readDotenv, withFiles } from './config-files.ts'
import {
  choice,
  fileOf,
  integer,
  listOf,
  number,
  optional,
  priority,
  readHeader,
  readHost,
  readKey,
  readOrigin,
  secret,
  secretOf,
  share,
  text,
  urlOf,
  withDefault,
} from './config-values.ts'
import { NOTIFICATION_FORMATS } from './market/notifications.ts'
import { Secret } from './market/secret.ts'
import type { SourceSettings } from './market/source-settings.ts'
import { isTradeDate } from './market/date.ts'
import { RUN_DEFAULTS, type RunSettings } from './market/run-settings.ts'
import type { TracingSettings } from './tracing/tracing.ts'

/*
 * The only file that reads the environment. Every variable is listed here once, with what is allowed; `.env.example`
 * shows the same list, and a test compares the two.
 */

const schema = z.object({
  HOST: withDefault(text, '127.0.0.1'),
  PORT: optional(integer(0, 65_535)),
  DATA_DIR: withDefault(text, '.data'),
  DATABASE_URL: optional(urlOf(['postgres:', 'postgresql:'], 'postgres://user:password@host:5432/ashare')),
  DATABASE_PASSWORD: optional(secret),
  TEMPORAL_ADDRESS: optional(text.regex(/^[\w.-]+:\d+$/, 'host:port, like localhost:7233')),
  TEMPORAL_NAMESPACE: withDefault(text, 'default'),
  TEMPORAL_UI_URL: optional(urlOf(['http:', 'https:'], 'http://127.0.0.1:8233')),
  TEMPORAL_CLI: optional(text),
  TEMPORAL_API_KEY: optional(secret),
  TEMPORAL_TLS: choice(['auto', 'on', 'off'], 'auto'),
  TEMPORAL_TLS_CLIENT_CERT_PATH: optional(fileOf),
  TEMPORAL_TLS_CLIENT_KEY_PATH: optional(fileOf),
  TEMPORAL_TLS_SERVER_CA_CERT_PATH: optional(fileOf),
  TEMPORAL_TLS_SERVER_NAME: optional(text),
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
  OTEL_EXPORTER_OTLP_ENDPOINT: optional(urlOf(['http:', 'https:'], 'http://127.0.0.1:4318')),
  OTEL_EXPORTER_OTLP_HEADERS: listOf(readHeader, 'a list like authorization=Bearer%20KEY').transform(
    (headers) => headers.map(([name, value]) => ({ name, value: new Secret(value) })),
  ),
  OTEL_TRACES_SAMPLER_ARG: share,
  LOG_LEVEL: choice(['debug', 'info', 'warn', 'error', 'silent'], 'info'),
  TUSHARE_TOKEN: optional(
    secretOf(
      z
        .string()
        .trim()
        .regex(/^[\x21-\x7e]+$/, 'one word, as the source gave it'),
    ),
  ),
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

/** The names of all variables that the service reads, but for those that name a file with one of them. */
export const CONFIG_VARIABLES = Object.keys(schema.shape)
/** X_FILE names a file that holds X. */
export const FILE_VARIABLES = FROM_FILES.map(fileVariable)

/**
 * Reads and checks the whole environment.
 *
 * @throws ConfigError naming every wrong variable at once; values are never repeated, since one may be a secret.
 */
export function loadConfig(env: NodeJS.ProcessEnv): Config {
  const { env: whole, problems } = withFiles(env)
  const result = schema.safeParse(whole)
  const wrong = result.error?.issues.map((issue) => `${String(issue.path[0])}: ${requirement(issue)}`) ?? []
  const all = [...problems, ...new Set(wrong), ...(result.success ? contradictions(result.data) : [])]
  if (!result.success || all.length > 0) throw new ConfigError(all)
  return Object.freeze(withPassword(result.data))
}

/** What is right by itself but not together. */
function contradictions(data: z.infer<typeof schema>): string[] {
  const problems: string[] = []
  const { DATABASE_URL: url, DATABASE_PASSWORD: password } = data
  if (url !== undefined && password !== undefined && new URL(url).password !== '')
    problems.push('DATABASE_PASSWORD: DATABASE_URL holds a password as well; remove one of the two')
  if (!data.TEMPORAL_TLS_CLIENT_CERT_PATH !== !data.TEMPORAL_TLS_CLIENT_KEY_PATH)
    problems.push('TEMPORAL_TLS_CLIENT_CERT_PATH: a certificate and its key are set together')
  return problems
}

/** The address of the database with the password that stands apart from it. */
function withPassword(data: z.infer<typeof schema>): z.infer<typeof schema> {
  if (data.DATABASE_URL === undefined || data.DATABASE_PASSWORD === undefined) return data
  const url = new URL(data.DATABASE_URL)
  url.password = encodeURIComponent(data.DATABASE_PASSWORD.reveal())
  return { ...data, DATABASE_URL: url.toString() }
}

function requirement(issue: z.core.$ZodIssue): string {
  return `must be ${issue.message.replace(/^Invalid input: /, '')}`
}

// What the command line needs of a service that may run elsewhere.
const clientSchema = z.object({
  ASHARE_URL: optional(urlOf(['http:', 'https:'], 'http://127.0.0.1:8000')),
  ASHARE_API_KEY: optional(secret),
})

/** The names of the variables that only the command line reads. */
export const CLIENT_VARIABLES = Object.keys(clientSchema.shape)

/** Which service the command line is for, as the environment says. @throws ConfigError */
export function loadClientConfig(env: NodeJS.ProcessEnv): z.infer<typeof clientSchema> {
  const result = clientSchema.safeParse(env)
  if (result.success) return result.data
  throw new ConfigError(result.error.issues.map((issue) => `${String(issue.path[0])}: ${requirement(issue)}`))
}

/**
 * The environment of this process with the values of `.env` beneath it; variables that are set win over the file.
 *
 * @throws ConfigError for a file that is there and cannot be read
 */
export function readEnvironment(dotenvPath = '.env'): NodeJS.ProcessEnv {
  const read = readDotenv(dotenvPath)
  if ('problem' in read) throw new ConfigError([`${dotenvPath}: ${read.problem}`])
  return { ...read.values, ...process.env }
}

/** Every secret of the configuration, so that none is forgotten where they are taken out of texts. */
export const configSecrets = (config: Config): Secret[] => [
  ...Object.values(config).filter((value) => value instanceof Secret),
  ...config.API_KEYS.map(({ key }) => key),
  ...config.OTEL_EXPORTER_OTLP_HEADERS.map(({ value }) => value),
]

const bytesOf = (file: Secret) => Buffer.from(file.reveal())

/** How Temporal is reached, wherever it is. */
export const temporalAccess = (config: Config) => ({
  namespace: config.TEMPORAL_NAMESPACE,
  apiKey: config.TEMPORAL_API_KEY,
  tls: temporalTls(config),
})

/** Where the Temporal Web UI shows the workflows; null when nobody has said where it is. */
export const workflowsUrl = ({
  TEMPORAL_UI_URL: url,
  TEMPORAL_NAMESPACE: namespace,
}: Config): string | null =>
  url === undefined
    ? null
    : `${url.replace(/\/+$/, '')}/namespaces/${encodeURIComponent(namespace)}/workflows`

/** In the clear, or over TLS, with certificates of one's own where they are set. */
export function temporalTls(config: Config) {
  const {
    TEMPORAL_TLS_CLIENT_CERT_PATH: crt,
    TEMPORAL_TLS_CLIENT_KEY_PATH: key,
    TEMPORAL_TLS_SERVER_CA_CERT_PATH: authority,
    TEMPORAL_TLS_SERVER_NAME: name,
  } = config
  const isAsked = [config.TEMPORAL_API_KEY, crt, authority, name].some((each) => each !== undefined)
  if (config.TEMPORAL_TLS === 'off' || (config.TEMPORAL_TLS === 'auto' && !isAsked)) return false as const
  return {
    ...(crt && key && { clientCertPair: { crt: bytesOf(crt), key: bytesOf(key) } }),
    ...(authority && { serverRootCACertificate: bytesOf(authority) }),
    ...(name !== undefined && { serverNameOverride: name }),
  }
}

/** Where traces go; null: nowhere. */
export const tracingSettings = (config: Config): TracingSettings | null =>
  config.OTEL_EXPORTER_OTLP_ENDPOINT === undefined
    ? null
    : {
        endpoint: config.OTEL_EXPORTER_OTLP_ENDPOINT,
        headers: Object.fromEntries(
          config.OTEL_EXPORTER_OTLP_HEADERS.map(({ name, value }) => [name, value.reveal()]),
        ),
        share: config.OTEL_TRACES_SAMPLER_ARG,
      }

/** How the environment sets runs. */
export const runSettings = (config: Config): RunSettings => ({
  historyStart: config.HISTORY_START_DATE,
  batchSize: config.BATCH_SIZE,
  financeStart: config.FINANCE_START_DATE,
  financeBatchSize: config.FINANCE_BATCH_SIZE,
  maxMissingDays: config.INCREMENTAL_MAX_MISSING_DAYS,
  recheckSessions: config.RECHECK_SESSIONS,
})

/** How the environment sets the sources. */
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
