import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { Config } from '../../config.ts'
import { lockHolder } from '../../local/lock.ts'
import { lockFile } from '../../local/running.ts'
import { presentTemporalBinary, TEMPORAL_VERSION } from '../../local/temporal-binary.ts'
import { size } from '../text.ts'
import { type Finding, ok, problem, warning, wordsOf } from './finding.ts'

/* What the machine has to have. */

const OLDEST_NODE = [20, 18, 1] as const

export function nodeVersion(version: string = process.versions.node): Finding {
  const oldest = OLDEST_NODE.join('.')
  const parts = version.split('.').map(Number)
  const at = OLDEST_NODE.findIndex((part, i) => part !== parts[i])
  const isOld = at !== -1 && (parts[at] ?? 0) < (OLDEST_NODE[at] ?? 0)
  if (isOld) return problem('node', `Node.js ${version}`, `install Node.js ${oldest} or newer`)
  return ok('node', `Node.js ${version}`)
}

const GIB = 1024 ** 3
// PostgreSQL stops when the disk is full; a full history of the market takes several GiB.
const TOO_LITTLE = GIB
const LITTLE = 10 * GIB

/** The folder itself, or the one in which it will be made. */
const existing = (folder: string): string => (existsSync(folder) ? folder : existing(dirname(folder)))

export function diskSpace(dataDir: string): Finding {
  const folder = existing(resolve(dataDir))
  const { bavail, bsize } = statfsSync(folder)
  const free = bavail * bsize
  const message = `${size(free)} free at ${folder}`
  if (free < TOO_LITTLE) return problem('disk', message, 'make room, or set DATA_DIR to another disk')
  if (free < LITTLE) return warning('disk', message, 'a full history takes several GiB: make room')
  return ok('disk', message)
}

export function dataFolder(dataDir: string): Finding {
  const folder = resolve(dataDir)
  const isThere = existsSync(folder)
  try {
    accessSync(existing(folder), constants.W_OK | constants.X_OK)
  } catch {
    return problem(
      'data folder',
      `${folder} cannot be written to by this user`,
      'chown it, or set DATA_DIR to a folder of yours',
    )
  }
  if (!isThere) return ok('data folder', `${folder} will be made`)
  if (!statSync(folder).isDirectory())
    return problem('data folder', `${folder} is no folder`, 'set DATA_DIR to a folder')
  const holder = lockHolder(lockFile(folder))
  return ok('data folder', holder === undefined ? folder : `${folder}, in use by process ${holder}`)
}

/** The embedded Temporal server, where no other one is set. */
export function temporalBinary(config: Config, env: NodeJS.ProcessEnv): Finding[] {
  if (config.TEMPORAL_ADDRESS !== undefined) return []
  try {
    const path = presentTemporalBinary({ cli: config.TEMPORAL_CLI, env, log: () => undefined })
    if (path !== undefined) return [ok('temporal binary', path)]
  } catch (error) {
    return [problem('temporal binary', wordsOf(error), 'correct TEMPORAL_CLI, or leave it unset')]
  }
  const hasGo = spawnSync('go', ['version'], { stdio: 'ignore' }).status === 0
  return [
    hasGo
      ? ok('temporal binary', 'not there yet: the first start downloads it, or builds it with Go')
      : warning(
          'temporal binary',
          'not there yet: the first start downloads it',
          `where that is not possible, put the Temporal CLI ${TEMPORAL_VERSION} on PATH or install Go`,
        ),
  ]
}
