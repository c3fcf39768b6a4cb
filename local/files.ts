import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false

/**
 * Makes a folder and those above it, with the mode that those get which are not there yet. Node's own way to do so never
 * ends on a file system that answers each time that there is nothing above, like /proc.
 *
 * @throws what the system says where it cannot be
 */
export const makeFolder = (path: string, mode = 0o777): void => {
  if (isFolder(path)) return
  const parent = dirname(path)
  if (parent !== path) makeFolder(parent, mode)
  try {
    mkdirSync(path, { mode })
  } catch (error) {
    // Another process may have made it just now.
    if (!isFolder(path)) throw error
  }
}

/** Writes a file so that a reader sees the old text or the new one, never a part. */
export const writeFileAtomic = (path: string, text: string, mode = 0o600): void => {
  makeFolder(dirname(path))
  const draft = `${path}.${process.pid}-${randomBytes(4).toString('hex')}`
  writeFileSync(draft, text, { mode })
  renameSync(draft, path)
}

/** The text of a file, or undefined when there is none. */
export const readIfExists = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** A JSON object from a file; absent, cut off or of another shape counts as absent. */
export const readJsonObject = (path: string): Record<string, unknown> | undefined => {
  const text = readIfExists(path)
  if (text === undefined) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
