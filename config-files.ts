import { readFileSync } from 'node:fs'
import { parse } from 'dotenv'

/*
 * Settings that stand in files: `.env`, and secrets as containers and systemd hand them over, where X_FILE is the path of a file
 * with the value of X.
 */

/** Settings that may come from a file. */
export const FROM_FILES = [
  'APP_SECRET',
  'TUSHARE_TOKEN',
  'BAOSTOCK_API_KEY',
  'API_KEYS',
  'DATABASE_URL',
  'DATABASE_PASSWORD',
  'TEMPORAL_API_KEY',
  'NOTIFY_URL',
  'NOTIFY_SECRET',
  'OTEL_EXPORTER_OTLP_HEADERS',
] as const

type FileSetting = (typeof FROM_FILES)[number]

export const fileVariable = <T extends FileSetting>(name: T) => `${name}_FILE` as const

/**
 * The environment with what the named files hold. An empty file counts as none, so that a file may be there for a secret
 * that is not used.
 *
 * @returns `problems` names each variable that cannot be read, never what a file holds
 */
export function withFiles(env: NodeJS.ProcessEnv): { env: NodeJS.ProcessEnv; problems: string[] } {
  const values: Record<string, string> = {}
  const problems: string[] = []
  for (const name of FROM_FILES) {
    const variable = fileVariable(name)
    const path = env[variable]
    if (path === undefined || path === '') continue
    const read = readText(path)
    if ('problem' in read) problems.push(`${variable}: ${read.problem}`)
    // Editors and `echo` end a file with a line break, which is no part of the secret.
    const value = 'text' in read ? read.text.replace(/[\r\n]+$/, '') : ''
    if (value === '') continue
    if (env[name] === undefined || env[name] === '') values[name] = value
    else problems.push(`${variable}: ${name} is set as well; remove one of the two`)
  }
  return { env: { ...env, ...values }, problems }
}

/** A file as text, or why it cannot be read; never what it holds. */
export function readText(path: string): { text: string } | { problem: string } {
  try {
    return { text: readFileSync(path, 'utf8') }
  } catch (error) {
    return { problem: `it cannot be read (${reasonOf((error as NodeJS.ErrnoException).code)})` }
  }
}

/** What a file like `.env` sets; nothing where there is none. */
export function readDotenv(path: string): { values: Record<string, string> } | { problem: string } {
  try {
    const bytes = readFileSync(path)
    // As PowerShell's `>` and some editors of Windows write: not one setting would be found in it.
    if (bytes.includes(0)) return { problem: 'it is no UTF-8 text: save it as UTF-8' }
    return { values: parse(bytes) }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return code === 'ENOENT' ? { values: {} } : { problem: `it cannot be read (${reasonOf(code)})` }
  }
}

function reasonOf(code = 'unknown'): string {
  switch (code) {
    case 'ENOENT':
      return 'there is no such file'
    case 'EACCES':
      return 'this user may not read it'
    case 'EISDIR':
      return 'it is a folder'
    default:
      return code
  }
}
