import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { readJsonObject, writeFileAtomic } from './files.ts'
import { lockHolder } from './lock.ts'

/** `DATA_DIR/running.json`: how scripts and tests find a running stack. */
export interface RunningStack {
  pid: number
  api: string
  temporal: string
  /** Null when the server is the user's own (TEMPORAL_ADDRESS): we do not know where its Web UI is. */
  temporal_ui: string | null
  postgres: string
}

/** The lock that a supervisor holds on its data folder. */
export const lockFile = (dataDir: string): string => join(dataDir, 'up.lock')

const fileOf = (dataDir: string): string => join(dataDir, 'running.json')

/** Says where everything is. The file holds the database's password, hence its mode. */
export const writeRunning = (dataDir: string, stack: RunningStack): void =>
  writeFileAtomic(fileOf(dataDir), `${JSON.stringify(stack, null, 2)}\n`, 0o600)

/** Removes what this process wrote. */
export const removeRunning = (dataDir: string): void => rmSync(fileOf(dataDir), { force: true })

/** The stack that runs on this data folder; what a killed one left behind counts as absent. */
export const readRunning = (dataDir: string): RunningStack | undefined => {
  const found = readJsonObject(fileOf(dataDir))
  if (typeof found?.['pid'] !== 'number' || typeof found['api'] !== 'string') return undefined
  // The lock also knows the start time: the number alone may belong to another program by now.
  return lockHolder(lockFile(dataDir)) === found['pid'] ? (found as unknown as RunningStack) : undefined
}
