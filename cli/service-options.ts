import type { Command } from 'commander'
import { type CommonOptions, withJson } from './command.ts'

export interface ServiceOptions extends CommonOptions {
  url?: string
  keyFile?: string
}

/** The options of a command that talks to a service. */
export const withService = (command: Command): Command =>
  withJson(command)
    .option('--url <address>', 'the service; else ASHARE_URL, else the one that runs here')
    .option('--key-file <file>', 'a file that holds its key; else ASHARE_API_KEY')

export interface ReadingOptions extends ServiceOptions {
  direct?: boolean
}

/** The options of a command that only reads: it can do without a service. */
export const withReading = (command: Command): Command =>
  withService(command).option(
    '--direct',
    'without a service: from the database of DATABASE_URL, or of DATA_DIR',
  )
