import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, expect, test } from 'vitest'
import {
  ConfigError,
  configSecrets,
  FILE_VARIABLES,
  loadConfig,
  readEnvironment,
  temporalTls,
  tracingSettings,
} from '../config.ts'
import { readDotenv } from '../config-files.ts'
import { misspeltSettings } from '../config-names.ts'

const folder = mkdtempSync(join(tmpdir(), 'ashare-secrets-'))
afterAll(() => rmSync(folder, { recursive: true }))

const TOKEN = 'token-of-a-file-that-nobody-may-see'

function file(name: string, text: string | Buffer): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

function problemsOf(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    loadConfig(env)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

test('a secret may come from a file, without the line break at its end; an empty file is none', () => {
  const config = loadConfig({
    TUSHARE_TOKEN_FILE: file('token', `${TOKEN}\r\n`),
    APP_SECRET_FILE: file('secret', `${TOKEN} with spaces`),
    API_KEYS_FILE: file('keys', `ops:operator:${TOKEN}\n`),
    NOTIFY_SECRET_FILE: file('empty', '\n'),
    NOTIFY_URL_FILE: '',
  })
  expect(config.TUSHARE_TOKEN?.reveal()).toBe(TOKEN)
  expect(config.APP_SECRET?.reveal()).toBe(`${TOKEN} with spaces`)
  expect(config.API_KEYS.map(({ key }) => key.reveal())).toEqual([TOKEN])
  expect([config.NOTIFY_SECRET, config.NOTIFY_URL]).toEqual([undefined, undefined])
})

test('a secret that is set in both ways, or whose file cannot be read, is refused with what to do', () => {
  const given = file('given', TOKEN)
  const problems = problemsOf({
    TUSHARE_TOKEN: 'another',
    TUSHARE_TOKEN_FILE: given,
    APP_SECRET_FILE: join(folder, 'absent'),
    NOTIFY_SECRET_FILE: folder,
    BAOSTOCK_API_KEY_FILE: given,
  })
  expect(problems).toEqual([
    'APP_SECRET_FILE: it cannot be read (there is no such file)',
    'TUSHARE_TOKEN_FILE: TUSHARE_TOKEN is set as well; remove one of the two',
    'NOTIFY_SECRET_FILE: it cannot be read (it is a folder)',
    'BAOSTOCK_API_KEY: must be an API key of BaoStock: bs- and letters or digits',
  ])
  expect(loadConfig({ TUSHARE_TOKEN: 'another', TUSHARE_TOKEN_FILE: file('void', '') })).toMatchObject({
    TUSHARE_TOKEN: { reveal: expect.any(Function) as unknown },
  })
})

test.skipIf(process.getuid?.() === 0)('a file that this user may not read is named so', () => {
  const path = file('closed', TOKEN)
  chmodSync(path, 0o000)
  expect(problemsOf({ APP_SECRET_FILE: path })).toEqual([
    'APP_SECRET_FILE: it cannot be read (this user may not read it)',
  ])
})

test('the password of the database goes into its address, whatever characters it has', () => {
  const password = 'p@ss:w/rd%41 ü#?'
  const { DATABASE_URL: url = '' } = loadConfig({
    DATABASE_URL: 'postgres://ashare@db:5432/ashare?sslmode=require',
    DATABASE_PASSWORD_FILE: file('password', `${password}\n`),
  })
  expect(decodeURIComponent(new URL(url).password)).toBe(password)
  expect(url).toMatch(/^postgres:\/\/ashare:[^@/]+@db:5432\/ashare\?sslmode=require$/)
  expect(
    problemsOf({ DATABASE_URL: 'postgres://ashare:hunter2@db/ashare', DATABASE_PASSWORD: 'hunter2' }),
  ).toEqual(['DATABASE_PASSWORD: DATABASE_URL holds a password as well; remove one of the two'])
})

test('TLS to Temporal: off, by a key, with certificates; a certificate without its key is refused', () => {
  const crt = file('client.pem', 'certificate')
  const key = file('client.key', 'private-hunter2')
  const ca = file('ca.pem', 'authority')
  expect(temporalTls(loadConfig({}))).toBe(false)
  expect(temporalTls(loadConfig({ TEMPORAL_TLS: 'on' }))).toEqual({})
  expect(temporalTls(loadConfig({ TEMPORAL_API_KEY: TOKEN }))).toEqual({})
  expect(temporalTls(loadConfig({ TEMPORAL_API_KEY: TOKEN, TEMPORAL_TLS: 'off' }))).toBe(false)
  const config = loadConfig({
    TEMPORAL_TLS_CLIENT_CERT_PATH: crt,
    TEMPORAL_TLS_CLIENT_KEY_PATH: key,
    TEMPORAL_TLS_SERVER_CA_CERT_PATH: ca,
    TEMPORAL_TLS_SERVER_NAME: 'temporal.example.com',
  })
  expect(temporalTls(config)).toEqual({
    clientCertPair: { crt: Buffer.from('certificate'), key: Buffer.from('private-hunter2') },
    serverRootCACertificate: Buffer.from('authority'),
    serverNameOverride: 'temporal.example.com',
  })
  expect(inspect(config, { depth: null }) + JSON.stringify(config)).not.toContain('hunter2')
  expect(problemsOf({ TEMPORAL_TLS_CLIENT_CERT_PATH: crt })).toEqual([
    'TEMPORAL_TLS_CLIENT_CERT_PATH: a certificate and its key are set together',
  ])
  expect(problemsOf({ TEMPORAL_TLS_SERVER_CA_CERT_PATH: join(folder, 'absent') })).toEqual([
    'TEMPORAL_TLS_SERVER_CA_CERT_PATH: must be the path of a file: it cannot be read (there is no such file)',
  ])
})

test('traces go where they are told to; headers are read the way OpenTelemetry writes them', () => {
  expect(tracingSettings(loadConfig({}))).toBeNull()
  const config = loadConfig({
    OTEL_EXPORTER_OTLP_ENDPOINT: 'https://otlp.example.com',
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20hunter2=, x-tenant = a',
    OTEL_TRACES_SAMPLER_ARG: '0.25',
  })
  expect(tracingSettings(config)).toEqual({
    endpoint: 'https://otlp.example.com',
    headers: { authorization: 'Bearer hunter2=', 'x-tenant': 'a' },
    share: 0.25,
  })
  expect(inspect(config, { depth: null })).not.toContain('hunter2')
  for (const wrong of ['authorization', '=x', 'a=%zz'])
    expect(problemsOf({ OTEL_EXPORTER_OTLP_HEADERS: wrong })).toHaveLength(1)
  for (const wrong of ['1.5', '-1', 'half', '.5'])
    expect(problemsOf({ OTEL_TRACES_SAMPLER_ARG: wrong })).toHaveLength(1)
})

test('every secret of the configuration is among those that are taken out of texts', () => {
  const secrets = {
    TUSHARE_TOKEN: 'one-hunter2',
    APP_SECRET: 'two-hunter2-of-sixteen',
    TEMPORAL_API_KEY: 'three-hunter2',
    BAOSTOCK_API_KEY: 'bs-fourhunter2',
    NOTIFY_URL: 'https://hooks.example.com/five-hunter2',
    NOTIFY_SECRET: 'six-hunter2',
    DATABASE_PASSWORD: 'seven-hunter2',
  }
  const config = loadConfig({
    ...secrets,
    API_KEYS: `ops:operator:${TOKEN}`,
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=eight-hunter2',
  })
  const known = configSecrets(config).map((secret) => secret.reveal())
  expect(known.sort()).toEqual([...Object.values(secrets), TOKEN, 'eight-hunter2'].sort())
  expect(FILE_VARIABLES).toHaveLength(10)
})

test.each([
  [
    'CRLF, a byte order mark and quotes',
    '\ufeffPORT="8123"\r\nLOG_LEVEL=\'debug\'\r\nexport DATA_DIR = x y \r\n',
  ],
  ['plain lines', 'PORT=8123\nLOG_LEVEL=debug\nDATA_DIR=x y'],
])('.env is read with %s', (_, text) => {
  expect(readDotenv(file('.env', text))).toEqual({
    values: { PORT: '8123', LOG_LEVEL: 'debug', DATA_DIR: 'x y' },
  })
})

test('a .env that holds no text, or is a folder, is refused and not left out; one that is absent is none', () => {
  const utf16 = Buffer.from('\ufeffTUSHARE_TOKEN=abc\r\n', 'utf16le')
  expect(() => readEnvironment(file('.env', utf16))).toThrow(/\.env: it is no UTF-8 text: save it as UTF-8/)
  expect(() => readEnvironment(folder)).toThrow(/it cannot be read \(it is a folder\)/)
  expect(readDotenv(join(folder, 'absent'))).toEqual({ values: {} })
})

test('misspelt settings are told with what is meant; names for others are left alone', () => {
  const path = file('.env', 'TUSHARE_TOKE=abc\nDATABSE_URL=x\nPOSTGRES_PASSWORD=y\nSECRETS_DIR=z\nPORT=1\n')
  const env = { AKTOOLS_ULR: 'x', BAOSTOCK_NONSENSE: 'x', API_KEY: 'of another program', PATH: '/bin' }
  expect(misspeltSettings(env, path)).toEqual([
    'TUSHARE_TOKE is no setting: is TUSHARE_TOKEN meant?',
    'DATABSE_URL is no setting: is DATABASE_URL meant?',
    'AKTOOLS_ULR is no setting: is AKTOOLS_URL meant?',
    'BAOSTOCK_NONSENSE is no setting',
  ])
})

test('every name of .env.example is known', () => {
  const example = readFileSync(join(import.meta.dirname, '../.env.example'), 'utf8')
  expect(misspeltSettings({}, file('.env', example.replaceAll(/^# ?(?=[A-Z_]+=)/gm, '')))).toEqual([])
})
