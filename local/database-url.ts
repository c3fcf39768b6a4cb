import type { Config } from '../config.ts'
import { readRunning } from './running.ts'

/** Where the database is: the one that is named, else that of the stack which runs on this data folder. */
export function databaseUrl({ DATABASE_URL, DATA_DIR }: Pick<Config, 'DATABASE_URL' | 'DATA_DIR'>): string {
  const url = DATABASE_URL ?? readRunning(DATA_DIR)?.postgres
  if (url === undefined)
    throw new NoDatabase(`no service runs on ${DATA_DIR}: start it with npm start, or set DATABASE_URL`)
  return url
}

export class NoDatabase extends Error {
  override readonly name = 'NoDatabase'
}
