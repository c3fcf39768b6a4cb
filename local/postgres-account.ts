import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { join } from 'node:path'
import { makeFolder, readIfExists } from './files.ts'
import { SetupError } from './setup-error.ts'

/** Whom PostgreSQL runs as; empty means: the user who runs us. */
export interface Account {
  uid?: number
  gid?: number
}

const lookUp = (name: string): Required<Account> | undefined => {
  const line = readIfExists('/etc/passwd')
    ?.split('\n')
    .find((entry) => entry.startsWith(`${name}:`))
  const [, , uid, gid] = line?.split(':') ?? []
  return uid !== undefined && gid !== undefined ? { uid: Number(uid), gid: Number(gid) } : undefined
}

const createUser = (): void => {
  // The second form is that of Alpine and BusyBox. Both may be missing: then `nobody` has to do.
  const made = spawnSync('useradd', ['--system', '--user-group', '--no-create-home', 'postgres'], {
    stdio: 'ignore',
  })
  if (made.status !== 0) spawnSync('adduser', ['-S', '-D', '-H', 'postgres'], { stdio: 'ignore' })
}

/** PostgreSQL refuses to run as root, so root lends it another account: the owner of existing data, else `postgres`. */
export const chooseAccount = (cluster: string, isRoot = process.getuid?.() === 0): Account => {
  if (!isRoot) return {}
  if (existsSync(join(cluster, 'PG_VERSION'))) {
    const { uid, gid } = statSync(cluster)
    if (uid !== 0) return { uid, gid }
  }
  if (!lookUp('postgres')) createUser()
  const account = lookUp('postgres') ?? lookUp('nobody')
  if (!account)
    throw new SetupError(
      'PostgreSQL does not run as root, and there is no other user (postgres, nobody) to run it as. ' +
        'Run as a normal user, or set DATABASE_URL.',
    )
  return account
}

/** Whether the account can enter a folder; asked of the system, which also knows of ACLs and read-only mounts. */
export const canEnter = (folder: string, account: Account): boolean =>
  account.uid === undefined ||
  spawnSync('/bin/sh', ['-c', 'cd "$1"', 'sh', folder], { ...account, cwd: '/', stdio: 'ignore' }).status ===
    0

const isThere = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined

/**
 * The folder for the tables: `DATA_DIR/postgres`, or, where the account cannot reach that (a checkout under /root), a
 * folder elsewhere with `DATA_DIR/postgres` as a link to it.
 */
export const placeForCluster = (
  dataDir: string,
  account: Account,
  openFolders: readonly string[],
  log: (line: string) => void,
): string => {
  const wanted = join(dataDir, 'postgres')
  if (isThere(wanted) && !existsSync(wanted)) rmSync(wanted) // a link to a folder that somebody deleted
  if (existsSync(wanted)) {
    const real = realpathSync(wanted)
    // Data that root copied or restored belongs to root now.
    if (account.uid !== undefined && statSync(real).uid !== account.uid)
      spawnSync('chown', ['-R', `${account.uid}:${String(account.gid)}`, real])
    if (canEnter(real, account)) return real
    throw new SetupError(
      `User ${String(account.uid)}, who runs PostgreSQL in root's stead, cannot enter ${real}. ` +
        'Make its parent folders enterable (chmod o+x), move DATA_DIR, or run as the user who owns it.',
    )
  }
  makeFolder(dataDir)
  // The data folder is ours to open (its secrets are files of mode 0600); the folders above it are not.
  if (!canEnter(dataDir, account)) chmodSync(dataDir, statSync(dataDir).mode | 0o011)
  if (canEnter(dataDir, account)) return join(realpathSync(dataDir), 'postgres')
  return placeElsewhere(wanted, account, openFolders, log)
}

const placeElsewhere = (
  wanted: string,
  account: Account,
  openFolders: readonly string[],
  log: (line: string) => void,
): string => {
  for (const folder of openFolders) {
    try {
      makeFolder(folder, 0o755)
      if (!canEnter(folder, account)) continue
      // A fresh name each time: data that the user deleted with DATA_DIR must not come back.
      const home = mkdtempSync(join(folder, 'data-'))
      chmodSync(home, 0o755)
      symlinkSync(join(home, 'postgres'), wanted)
      log(
        `user ${String(account.uid)} cannot enter ${wanted}; the tables are in ${home} (${wanted} links to it)`,
      )
      return join(home, 'postgres')
    } catch {
      // A folder that cannot be written: try the next one.
    }
  }
  throw new SetupError(
    `User ${String(account.uid)}, who runs PostgreSQL in root's stead, cannot enter ${wanted}. ` +
      'Set DATA_DIR to a folder outside /root, run as a normal user, or set DATABASE_URL.',
  )
}
