import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chownSync, existsSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { makeFolder, readIfExists, writeFileAtomic } from './files.ts'
import type { Account } from './postgres-account.ts'
import type { PostgresBinaries } from './postgres-binaries.ts'
import { commandLine, endProcess, identify, workingFolder } from './process-info.ts'
import { SetupError } from './setup-error.ts'

/** The one role of the embedded server. */
export const POSTGRES_USER = 'ashare'

export interface Cluster {
  /** Folder of the tables, as the server sees it. */
  folder: string
  account: Account
  binaries: PostgresBinaries
}

/** PostgreSQL's programs get none of our environment: it holds tokens, and PG* variables that would change their mind. */
export const postgresEnv = (): NodeJS.ProcessEnv => ({ PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' })

interface Outcome {
  code: number | null
  output: string
}

const run = async (cluster: Cluster, command: string, args: string[], input?: string): Promise<Outcome> => {
  const child = spawn(command, args, { ...cluster.account, env: postgresEnv(), cwd: '/' })
  let output = ''
  const keep = (chunk: Buffer): void => void (output += chunk.toString())
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  child.stdin.on('error', () => undefined) // it ended before it read: its exit code says so
  child.stdin.end(input)
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, output }
}

// C.UTF-8 of PostgreSQL's own provider: text sorts by code point on every machine, whatever locales it has.
const LOCALE = ['--encoding=UTF8', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C']

const initialise = async (cluster: Cluster, password: string): Promise<void> => {
  const { account, binaries, folder } = cluster
  // Built beside its place and renamed: a start that was killed halfway leaves no half of a cluster.
  const draft = `${folder}.new`
  const secret = `${folder}.password`
  rmSync(draft, { recursive: true, force: true })
  makeFolder(draft, 0o700)
  writeFileSync(secret, `${password}\n`, { mode: 0o600 })
  if (account.uid !== undefined && account.gid !== undefined)
    for (const path of [draft, secret]) chownSync(path, account.uid, account.gid)
  const args = [`--pgdata=${draft}`, `--username=${POSTGRES_USER}`, `--pwfile=${secret}`]
  const outcome = await run(cluster, binaries.initdb, [...args, '--auth=scram-sha-256', ...LOCALE])
  rmSync(secret, { force: true })
  if (outcome.code !== 0) throw new SetupError(`PostgreSQL's initdb failed in ${draft}:\n${outcome.output}`)
  rmSync(folder, { recursive: true, force: true })
  renameSync(draft, folder)
}

const setPassword = async (cluster: Cluster, password: string): Promise<void> => {
  // The single-user mode asks for no password: the way back in when its file was lost.
  const sql = `ALTER ROLE ${POSTGRES_USER} PASSWORD '${password}';\n`
  const args = ['--single', '-D', cluster.folder, '-c', 'log_min_messages=fatal', 'postgres']
  const outcome = await run(cluster, cluster.binaries.postgres, args, sql)
  if (outcome.code !== 0) throw new Error(`PostgreSQL took no new password:\n${outcome.output}`)
}

export const passwordFile = (dataDir: string): string => join(dataDir, 'postgres-password')

/** Makes the cluster when there is none, and answers with the password of its role. */
export const openCluster = async (cluster: Cluster, dataDir: string): Promise<string> => {
  const file = passwordFile(dataDir)
  const known = readIfExists(file)?.trim()
  const exists = existsSync(join(cluster.folder, 'PG_VERSION'))
  if (exists && known) return known
  if (!exists && existsSync(cluster.folder) && readdirSync(cluster.folder).length > 0)
    throw new SetupError(
      `${cluster.folder} holds files, but no PostgreSQL data. Move it away, or set another DATA_DIR.`,
    )
  // An empty file is a lost one.
  const password = known || randomBytes(24).toString('base64url')
  if (exists) await setPassword(cluster, password)
  else await initialise(cluster, password)
  writeFileAtomic(file, `${password}\n`, 0o600)
  return password
}

/** Refuses data of another major version, which this server could not open. */
export const checkVersion = (cluster: Cluster): void => {
  const data = readIfExists(join(cluster.folder, 'PG_VERSION'))?.trim()
  const [ours] = cluster.binaries.version.split('.')
  if (data === undefined || data === ours) return
  throw new SetupError(
    `${cluster.folder} was written by PostgreSQL ${data}, this is PostgreSQL ${String(ours)}. ` +
      'Dump it with the older release and restore it, or set another DATA_DIR.',
  )
}

const belongsTo = (pid: number, folder: string): boolean => {
  const cwd = workingFolder(pid)
  if (cwd !== undefined) return cwd === folder
  const line = commandLine(pid) ?? ''
  return line.includes('postgres') && line.includes(folder)
}

const postgresProcessesOf = (folder: string): number[] => {
  if (!existsSync('/proc/self/cwd')) return []
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger)
  return pids.filter((pid) => workingFolder(pid) === folder && /postgres/.test(commandLine(pid) ?? ''))
}

/**
 * Ends a server of this folder that lost its parent, and clears the lock that it left. The caller has made sure that
 * no living program of ours owns it.
 */
export const clearStaleServer = async (folder: string, log: (line: string) => void): Promise<void> => {
  const lock = join(resolve(folder), 'postmaster.pid')
  const pid = Number(readIfExists(lock)?.split('\n')[0])
  const server = pid > 0 ? identify(pid) : undefined
  if (server && belongsTo(pid, folder)) {
    log(`ending the PostgreSQL that a killed run left behind (process ${pid})`)
    await endProcess(server, 'SIGINT', 10_000)
  }
  // Children of a killed server hold its shared memory for a moment, and with it the folder.
  for (const child of postgresProcessesOf(folder)) {
    const identity = identify(child)
    if (identity) await endProcess(identity, 'SIGQUIT', 2_000)
  }
  // PostgreSQL keeps away from the folder as long as any process has that number, a zombie too.
  rmSync(lock, { force: true })
}
