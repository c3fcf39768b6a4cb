import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { pino } from 'pino'
import { expect, onTestFinished, test, vi } from 'vitest'
import { ConfigError, loadConfig, readEnvironment } from '../config.ts'

const TOKEN = 'a1b2c3d4e5f6a1b2c3d4e5f6a1b2c3d4e5f6a1b2c3d4e5f6a1b2c3d4'

/** The error that this environment gives. */
function refusal(env: NodeJS.ProcessEnv): ConfigError {
  try {
    loadConfig(env)
  } catch (error) {
    if (error instanceof ConfigError) return error
    throw error
  }
  throw new Error('the environment was accepted')
}

const WRONG = {
  PORT: '80000',
  DATABASE_URL: 'mysql://ashare:hunter2-database@db/ashare',
  TEMPORAL_ADDRESS: 'http://temporal',
  TEMPORAL_TLS: 'yes',
  APP_SECRET: 'hunter2-secret',
  API_KEYS: 'ops:operator:hunter2-too-short',
  ALLOWED_HOSTS: 'https://sync.example.com',
  CORS_ORIGINS: 'charts.example.com',
  CHANGES_PER_MINUTE: 'many',
  SYNC_LOCK: 'none',
  OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318',
  OTEL_EXPORTER_OTLP_HEADERS: 'hunter2-header',
  OTEL_TRACES_SAMPLER_ARG: '2',
  LOG_LEVEL: 'loud',
  TUSHARE_TOKEN: '   ',
  TUSHARE_URL: 'ftp://user:hunter2-upstream@api.tushare.pro',
  TUSHARE_POINTS: '-1',
  TUSHARE_PRIORITY: 'first',
  TUSHARE_TIMEOUT_MS: '5',
  AKTOOLS_URL: 'aktools:8080',
  AKSHARE_PRIORITY: '0',
  AKSHARE_TIMEOUT_MS: '1h',
  AKSHARE_CALLS_PER_MINUTE: 'many',
  AKSHARE_MIN_INTERVAL_MS: '-5',
  BAOSTOCK_HOST: 'http://public-api.baostock.com',
  BAOSTOCK_PORT: '0',
  BAOSTOCK_API_KEY: 'hunter2-member',
  BAOSTOCK_PRIORITY: '100',
  BAOSTOCK_TIMEOUT_MS: '600001',
  BAOSTOCK_CALLS_PER_MINUTE: '1.5',
  BAOSTOCK_MIN_INTERVAL_MS: '600001',
  BATCH_SIZE: '501',
  MAX_FAILURE_RETRIES: '3.5',
  HISTORY_START_DATE: '1990-02-30',
}

test('an empty environment gives the defaults', () => {
  expect(loadConfig({})).toMatchObject({
    HOST: '127.0.0.1',
    DATA_DIR: '.data',
    SYNC_LOCK: 'global',
    TUSHARE_PRIORITY: 1,
    AKSHARE_PRIORITY: 2,
    BAOSTOCK_HOST: 'public-api.baostock.com',
    BAOSTOCK_PORT: 10_030,
    BAOSTOCK_PRIORITY: 3,
    BATCH_SIZE: 500,
  })
  const unset = ['TUSHARE_TOKEN', 'AKTOOLS_URL', 'BAOSTOCK_API_KEY', 'APP_SECRET', 'AKSHARE_MIN_INTERVAL_MS']
  expect(unset.filter((name) => name in loadConfig({}))).toEqual([])
})

test('an empty value means the default, but an empty priority switches the source off', () => {
  const priorities = { TUSHARE_PRIORITY: '', AKSHARE_PRIORITY: '', BAOSTOCK_PRIORITY: '' }
  const config = loadConfig({ BATCH_SIZE: '', DATABASE_URL: '', BAOSTOCK_HOST: '', ...priorities })
  expect(config).toMatchObject({ BATCH_SIZE: 500, BAOSTOCK_HOST: 'public-api.baostock.com' })
  expect(config).toMatchObject({ TUSHARE_PRIORITY: null, AKSHARE_PRIORITY: null, BAOSTOCK_PRIORITY: null })
  expect(config.DATABASE_URL).toBeUndefined()
})

test('the configuration cannot be changed', () => {
  expect(Object.isFrozen(loadConfig({}))).toBe(true)
})

test('every wrong variable is named at once', () => {
  const { problems, message } = refusal(WRONG)
  expect(problems.map((problem) => problem.split(':')[0]).sort()).toEqual(Object.keys(WRONG).sort())
  for (const problem of problems) expect(message).toContain(problem)
  expect(message).toContain('.env.example')
})

test.each(Object.entries(WRONG))('a wrong %s is refused by itself', (name, value) => {
  expect(refusal({ [name]: value }).problems).toHaveLength(1)
})

test('keys, hosts and origins are lists; a key that two callers share a name for is refused', () => {
  const keys = `grafana:viewer:${TOKEN}, ops:operator:${TOKEN}`
  const config = loadConfig({ API_KEYS: keys, ALLOWED_HOSTS: 'Sync.example.com, 192.0.2.7' })
  expect(config.API_KEYS.map(({ name, role }) => `${name} ${role}`)).toEqual([
    'grafana viewer',
    'ops operator',
  ])
  expect(config.ALLOWED_HOSTS).toEqual(['sync.example.com', '192.0.2.7'])
  expect(config.CORS_ORIGINS).toEqual([])
  for (const wrong of [`a:viewer:${TOKEN},a:admin:${TOKEN}`, `a:root:${TOKEN}`, `viewer:${TOKEN}`, TOKEN])
    expect(refusal({ API_KEYS: wrong }).message).not.toContain(TOKEN)
})

test('each problem says what the variable takes', () => {
  const { message } = refusal(WRONG)
  expect(message).toContain('BATCH_SIZE: must be a whole number from 1 to 500')
  expect(message).toContain('SYNC_LOCK: must be one of global, job')
  expect(message).toContain('DATABASE_URL: must be an address like postgres://user:password@host:5432/ashare')
  expect(refusal({ TUSHARE_TOKEN: 'two words' }).message).toContain('TUSHARE_TOKEN: must be one word')
})

test('no message repeats a value, since one may be a secret', () => {
  const shown = inspect(refusal({ ...WRONG, TUSHARE_TOKEN: TOKEN }))
  expect(shown).not.toContain('hunter2')
  expect(shown).not.toContain(TOKEN)
})

test('a token reaches only the one who asks for it by name', () => {
  const config = loadConfig({
    TUSHARE_TOKEN: TOKEN,
    TEMPORAL_API_KEY: TOKEN,
    APP_SECRET: TOKEN,
    API_KEYS: `ops:operator:${TOKEN}`,
    BAOSTOCK_API_KEY: `bs-${TOKEN}`,
  })
  expect(config.TUSHARE_TOKEN?.reveal()).toBe(TOKEN)
  const printed = [
    String(config.TUSHARE_TOKEN),
    config.TEMPORAL_API_KEY?.toString(),
    String(config.APP_SECRET),
    config.BAOSTOCK_API_KEY?.toString(),
    JSON.stringify(config),
    inspect(config, { depth: null, showHidden: true }),
    logged(config),
  ]
  for (const text of printed) {
    expect(text).toContain('[redacted]')
    expect(text).not.toContain(TOKEN)
  }
})

function logged(value: unknown): string {
  let text = ''
  const log = pino({ base: null }, { write: (line: string) => void (text += line) })
  log.info({ config: value }, 'started')
  log.info(value)
  log.error({ err: Object.assign(new Error('failed'), { config: value }) })
  return text
}

test('.env is read, and a variable of the real environment wins over it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ashare-env-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, '.env'), `TUSHARE_TOKEN=${TOKEN}\nBATCH_SIZE=100\nLOG_LEVEL=debug\n`)
  vi.stubEnv('TUSHARE_TOKEN', undefined)
  vi.stubEnv('LOG_LEVEL', undefined)
  vi.stubEnv('BATCH_SIZE', '200')
  onTestFinished(() => void vi.unstubAllEnvs())
  const config = loadConfig(readEnvironment(join(folder, '.env')))
  expect(config).toMatchObject({ BATCH_SIZE: 200, LOG_LEVEL: 'debug' })
  expect(config.TUSHARE_TOKEN?.reveal()).toBe(TOKEN)
  expect(process.env['TUSHARE_TOKEN']).toBeUndefined()
})

test('a missing .env is no error', () => {
  expect(readEnvironment('no/such/file')).toEqual({ ...process.env })
})
