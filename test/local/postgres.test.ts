import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, lstatSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import postgres from 'postgres'
import { describe, expect, onTestFinished, test } from 'vitest'
import { PartInUseError } from '../../local/child-records.ts'
import { freePort } from '../../local/ports.ts'
import { chooseAccount } from '../../local/postgres-account.ts'
import { findPostgresBinaries, linkLibraries, reachableBinaries } from '../../local/postgres-binaries.ts'
import { type LocalPostgres, type PostgresOptions, startPostgres } from '../../local/postgres.ts'
import { alive, eventually, runFixture, seededFolder, temporaryFolder } from './support.ts'

const started = async (options: PostgresOptions): Promise<LocalPostgres> => {
  const server = await startPostgres(options)
  onTestFinished(() => server.stop())
  return server
}

const ask = async (url: string, text: string): Promise<unknown[]> => {
  const sql = postgres(url, { max: 1, onnotice: () => undefined })
  try {
    return (await sql.unsafe(text)).map((row) => Object.values(row)[0] as unknown)
  } finally {
    await sql.end()
  }
}

describe('embedded PostgreSQL', () => {
  test('keeps its data, password and port over a restart', async () => {
    const dataDir = temporaryFolder()
    const first = await started({ dataDir, port: await freePort() })
    await ask(first.url, 'CREATE TABLE kept AS SELECT 7 AS n')
    await first.stop()
    const second = await started({ dataDir })
    expect(second.url).toBe(first.url)
    expect(await ask(second.url, 'SELECT n FROM kept')).toEqual([7])
    expect(statSync(join(dataDir, 'postgres-password')).mode & 0o777).toBe(0o600)
  })

  test('loses no committed row when it is killed, and takes a new password when the file is lost', async () => {
    const dataDir = await seededFolder()
    const first = await started({ dataDir, port: await freePort() })
    await ask(first.url, 'CREATE TABLE kept AS SELECT 7 AS n')
    process.kill(first.pid, 'SIGKILL')
    expect(await first.exited).toBe('signal SIGKILL')
    rmSync(join(dataDir, 'postgres-password'))
    const second = await started({ dataDir })
    expect(second.url).not.toBe(first.url)
    expect(await ask(second.url, 'SELECT n FROM kept')).toEqual([7])
  })

  test('a password file that was emptied gets a new one; a wrong one is named, and what to do', async () => {
    const dataDir = await seededFolder()
    const file = join(dataDir, 'postgres-password')
    writeFileSync(file, '')
    const first = await started({ dataDir, port: await freePort() })
    expect(await ask(first.url, 'SELECT 7')).toEqual([7])
    await first.stop()
    writeFileSync(file, 'wrong\n')
    await expect(started({ dataDir })).rejects.toThrow(`the password in ${file}: remove that file`)
  })

  test('sorts by code point, stays durable and asks for the password', async () => {
    const { url } = await started({ dataDir: await seededFolder(), port: await freePort() })
    const sorted = await ask(url, "SELECT x FROM (VALUES ('a'), ('B'), ('é'), ('平安')) AS t (x) ORDER BY x")
    expect(sorted).toEqual(['B', 'a', 'é', '平安'])
    expect(await ask(url, 'SHOW fsync')).toEqual(['on'])
    expect(await ask(url, 'SHOW synchronous_commit')).toEqual(['on'])
    expect(await ask(url, 'SHOW listen_addresses')).toEqual(['127.0.0.1'])
    await expect(ask(url.replace(/:[^:@]+@/, ':wrong@'), 'SELECT 1')).rejects.toThrow(
      /password authentication failed/,
    )
  })

  test('takes another port, and says so, when its own is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    onTestFinished(() => void other.close())
    const { port } = other.address() as { port: number }
    const said: string[] = []
    const server = await started({ dataDir: await seededFolder(), port, log: (line) => said.push(line) })
    expect(server.port).not.toBe(port)
    expect(said.join()).toContain(`port ${port} for PostgreSQL is taken; using ${server.port}`)
  })

  test('is refused while a living program runs it, and taken over from a killed one', async () => {
    const dataDir = await seededFolder()
    const owner = await runFixture('postgres-owner.ts', [dataDir])
    const pid = await eventually(() => /PID (\d+)/.exec(owner.output())?.[1], 'owner up')
    await expect(startPostgres({ dataDir })).rejects.toThrow(PartInUseError)
    owner.child.kill('SIGKILL')
    await owner.ended
    expect(alive([Number(pid)])).toHaveLength(1)
    const server = await started({ dataDir })
    expect(alive([Number(pid)])).toEqual([])
    expect(await ask(server.url, 'SELECT 1 AS one')).toEqual([1])
  })
})

describe.runIf(process.getuid?.() === 0)('PostgreSQL for root in a closed folder', () => {
  test('puts the tables where its user can enter, and finds them again', async () => {
    const [closed, open] = [temporaryFolder(), temporaryFolder()]
    chmodSync(open, 0o755)
    const dataDir = join(closed, 'checkout', '.data')
    const said: string[] = []
    const options = {
      dataDir,
      port: await freePort(),
      openFolders: [open],
      log: (line: string) => said.push(line),
    }
    const first = await started(options)
    await ask(first.url, 'CREATE TABLE kept AS SELECT 7 AS n')
    await first.stop()
    expect(lstatSync(join(dataDir, 'postgres')).isSymbolicLink()).toBe(true)
    expect(said.join()).toContain('links to it')
    const second = await started(options)
    expect(await ask(second.url, 'SELECT n FROM kept')).toEqual([7])
  })

  test('runs a copy of its programs when node_modules is closed to its user', () => {
    const [closed, open] = [temporaryFolder(), temporaryFolder()]
    chmodSync(open, 0o755)
    const installed = findPostgresBinaries()
    const root = join(closed, 'native')
    cpSync(installed.root, root, { recursive: true, verbatimSymlinks: true })
    const hidden = {
      ...installed,
      root,
      postgres: join(root, 'bin/postgres'),
      initdb: join(root, 'bin/initdb'),
    }
    const account = chooseAccount(join(closed, 'none'))
    const reachable = reachableBinaries(hidden, account, () => undefined, [open])
    expect(reachable.root.startsWith(open)).toBe(true)
    expect(spawnSync(reachable.postgres, ['--version'], { ...account, cwd: '/' }).status).toBe(0)
    expect(() => reachableBinaries(hidden, account, () => undefined, [])).toThrow(/DATABASE_URL/)
  })
})

test('library links that npm did not make are made', () => {
  const folder = temporaryFolder()
  mkdirSync(join(folder, 'native', 'lib'), { recursive: true })
  const installed = findPostgresBinaries().root
  cpSync(join(installed, 'pg-symlinks.json'), join(folder, 'native', 'pg-symlinks.json'))
  cpSync(join(installed, 'lib', 'libpq.so.5.18'), join(folder, 'native', 'lib', 'libpq.so.5.18'))
  linkLibraries(join(folder, 'native'))
  linkLibraries(join(folder, 'native'))
  expect(statSync(join(folder, 'native', 'lib', 'libpq.so.5')).isFile()).toBe(true)
})
