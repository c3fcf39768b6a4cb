import type { Context } from 'hono'
import { withoutParameters } from '../../db/errors.ts'
import { shareOf } from '../access/caller.ts'
import type { ApiDeps, ApiEnv } from '../deps.ts'
import { Problem } from '../problems.ts'
import { createEncoder, type Format } from './formats.ts'
import type { Reads } from './reads.ts'
import { streamTable } from './stream.ts'
import type { Table, TableAbout } from './table.ts'

/** A table with its version, which is equal for equal content. */
export type VersionedTable = Table & { version: string }

export interface TableAnswer {
  /** What it is called when it is kept in a file. */
  name: string
  /** Finds out what there is to say, reading no rows yet. */
  open: () => Promise<VersionedTable>
  /** What is said before the rows. */
  about: TableAbout
  format: Format
  /** All that the answer depends on besides the database, if there is more than what was asked: e.g. what day it is. */
  moment?: string
  /** Nothing but corrections will change it. */
  isClosed: boolean
  /** It takes minutes, and not the place of those that do not. */
  isExport?: boolean
}

// A correction is seen after so long at the latest, and what is not closed at once.
const CLOSED_SECONDS = 60

/**
 * A table as an answer: streamed, never whole in memory, and not at all where the asker has this version already.
 *
 * The version is found before the rows are read. What is written in between makes rows newer than their version, and so the
 * next question gets an answer again; never the other way round.
 */
export async function answerTable(
  c: Context<ApiEnv>,
  deps: Pick<ApiDeps, 'log' | 'closing'>,
  reads: Reads,
  answer: TableAnswer,
): Promise<Response> {
  const { name, about, format, isClosed, isExport = false } = answer
  const asked = c.req.header('if-none-match')
  const headersOf = (etag: string) => ({
    ETag: etag,
    'Cache-Control': isClosed ? `private, max-age=${CLOSED_SECONDS}` : 'private, no-cache',
    Vary: 'Accept',
  })
  const question = `${c.req.url} ${format} ${answer.moment ?? ''}`
  const snapshot = await reads.versions.snapshot()
  const known = reads.versions.find(question, snapshot)
  if (known !== null && matches(asked, etagOf(known, format)))
    return c.body(null, 304, headersOf(etagOf(known, format)))

  const who = shareOf(c, c.get('caller'))
  const release = await (isExport ? reads.exportSlots : reads.slots).take(who, c.req.raw.signal)
  if (!release) throw tooManyReads()
  try {
    const table = await answer.open()
    reads.versions.keep(question, snapshot, table.version)
    const etag = etagOf(table.version, format)
    if (matches(asked, etag)) {
      release()
      return c.body(null, 304, headersOf(etag))
    }
    const encoder = await createEncoder(format, table.columns, about)
    const headers = { ...headersOf(etag), 'Content-Type': encoder.contentType, ...fileHeaders(name, format) }
    if (c.req.method === 'HEAD') {
      release()
      return c.body(null, 200, headers)
    }
    const onEnd = (error: unknown): void => {
      release()
      if (error !== null)
        deps.log.warn(
          { requestId: c.get('requestId'), reason: String(withoutParameters(error)) },
          'a table was broken off',
        )
    }
    const body = await streamTable(table, encoder, { closing: deps.closing, onEnd })
    return c.body(body, 200, headers)
  } catch (error) {
    release()
    throw error
  }
}

const AGAIN_SECONDS = 5

const tooManyReads = (): Problem =>
  new Problem(
    'too_many_reads',
    'too many tables are being read: try again when one of them has ended',
    {},
    { 'Retry-After': String(AGAIN_SECONDS) },
  )

const etagOf = (version: string, format: Format): string => `"${version}.${format}"`

/** Browsers keep what they cannot show under this name. */
const fileHeaders = (name: string, format: Format): Record<string, string> =>
  format === 'json' ? {} : { 'Content-Disposition': `inline; filename="${name}.${format}"` }

/** If-None-Match: a list of tags, weak ones too, or a star. */
const matches = (header: string | undefined, etag: string): boolean =>
  header?.split(',').some((tag) => ['*', etag].includes(tag.trim().replace(/^W\//, ''))) ?? false
