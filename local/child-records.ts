import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { makeFolder, readJsonObject, writeFileAtomic } from './files.ts'
import { type ProcessIdentity, endProcess, identify, isAlive } from './process-info.ts'

/*
 * Who started what, on disk: `DATA_DIR/run/<part>.json`. The watchdog ends the children of a killed supervisor; when
 * it was killed as well, the next start finds them here. A record is believed only when process number and start time
 * both match, so a number that now belongs to somebody else's program is never touched.
 */

export interface ChildRecord extends ProcessIdentity {
  name: string
  signal: NodeJS.Signals
  recordedAt: number
  owner: ProcessIdentity
}

const folder = (dataDir: string): string => join(dataDir, 'run')
const file = (dataDir: string, name: string): string => join(folder(dataDir), `${name}.json`)

/** Notes a child of this process. */
export const recordChild = (dataDir: string, name: string, pid: number, signal: NodeJS.Signals): void => {
  const [child, owner] = [identify(pid), identify(process.pid)]
  if (!child || !owner) return
  const record: ChildRecord = { ...child, name, signal, recordedAt: Date.now(), owner }
  writeFileAtomic(file(dataDir, name), JSON.stringify(record))
}

/** Forgets a child that ended, unless the record is of a later one. */
export const forgetChild = (dataDir: string, name: string, pid: number): void => {
  if (readRecord(dataDir, name)?.pid === pid) rmSync(file(dataDir, name), { force: true })
}

/** Forgets every child that is gone: after a start that was broken off, one may have ended unseen. */
export const forgetDead = (dataDir: string): void => {
  if (!existsSync(folder(dataDir))) return
  for (const entry of readdirSync(folder(dataDir)).filter((name) => name.endsWith('.json'))) {
    const name = entry.slice(0, -'.json'.length)
    const record = readRecord(dataDir, name)
    if (record && !isAlive(record)) rmSync(file(dataDir, name), { force: true })
  }
}

const readRecord = (dataDir: string, name: string): ChildRecord | undefined => {
  const record = readJsonObject(file(dataDir, name))
  return record && typeof record['pid'] === 'number' && typeof record['owner'] === 'object'
    ? (record as unknown as ChildRecord)
    : undefined
}

/** Thrown when a part of this data folder runs under another program that is alive. */
export class PartInUseError extends Error {
  constructor(record: ChildRecord, dataDir: string) {
    super(
      `${record.name} of ${dataDir} already runs (process ${record.pid}, started by process ${record.owner.pid}). ` +
        'Stop that one, or set another DATA_DIR.',
    )
    this.name = 'PartInUseError'
  }
}

/** Ends what a killed owner left of this part. Throws when the owner is alive. */
export const endOrphan = async (
  dataDir: string,
  name: string,
  log: (line: string) => void,
): Promise<void> => {
  const record = readRecord(dataDir, name)
  if (record && isAlive(record)) {
    if (isAlive(record.owner)) throw new PartInUseError(record, dataDir)
    log(`ending ${name} that a killed run left behind (process ${record.pid})`)
    await endProcess(record, record.signal, 5_000)
  }
  rmSync(file(dataDir, name), { force: true })
}

/** Ends everything that a killed run left behind in this data folder, last started first. */
export const endOrphans = async (dataDir: string, log: (line: string) => void): Promise<void> => {
  makeFolder(folder(dataDir))
  const names = readdirSync(folder(dataDir))
    .filter((entry) => entry.endsWith('.json'))
    .map((entry) => entry.slice(0, -'.json'.length))
  const age = (name: string): number => readRecord(dataDir, name)?.recordedAt ?? 0
  for (const name of names.sort((a, b) => age(b) - age(a))) await endOrphan(dataDir, name, log)
}
