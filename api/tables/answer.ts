import type { Context } from 'hono'
import { accepts } from 'hono/accepts'
import { withoutParameters } from '../../db/errors.ts'
import type { ApiDeps, ApiEnv } from '../deps.ts'
import { Problem } from '../problems.ts'
import { csvEncoder, jsonEncoder } from './encoders.ts'
import type { Slots } from './slots.ts'
import { streamTable } from './stream.ts'
import type { Table, TableRow } from './table.ts'

export const FORMATS = ['json', 'csv'] as const
export type Format = (typeof FORMATS)[number]

/** The format that is asked for by name, else by `Accept`. */
export const formatOf = (c: Context, format: Format | undefined): Format =>
  format ??
  (accepts(c, {
    header: 'Accept',
    supports: ['application/json', 'text/csv'],
    default: 'application/json',
  }) === 'text/csv'
    ? 'csv'
    : 'json')

export interface TableAnswer {
  /** Finds out what there is to say, reading no rows yet. `version`: equal for equal content. */
  open: () => Promise<Table & { version: string }>
  /** What a JSON answer says before its rows. */
  about: Readonly<Record<string, TableRow[number]>>
  format: Format
}

/**
 * A table as an answer: streamed, never whole in memory, and not at all where the asker has this version already.
 *
 * The version is found before the rows are read. What is written in between makes rows newer than their version, and so the
 * next question gets an answer again; never the other way round.
 */
export async function answerTable(
  c: Context<ApiEnv>,
  deps: Pick<ApiDeps, 'log' | 'closing'>,
  slots: Slots,
  { open, about, format }: TableAnswer,
): Promise<Response> {
  const release = await slots.take()
  if (!release)
    throw new Problem(
      'too_many_reads',
      'too many tables are being read: try again when one of them has ended',
    )
  try {
    const table = await open()
    const etag = `"${table.version}.${format}"`
    const encoder = format === 'csv' ? csvEncoder(table.columns) : jsonEncoder(table.columns, about)
    // History can be corrected: whoever keeps an answer has to ask whether it still stands, which costs little.
    const headers = { ETag: etag, 'Cache-Control': 'private, no-cache', Vary: 'Accept' }
    const isKnown = matches(c.req.header('if-none-match'), etag)
    if (isKnown || c.req.method === 'HEAD') {
      release()
      return c.body(
        null,
        isKnown ? 304 : 200,
        isKnown ? headers : { ...headers, 'Content-Type': encoder.contentType },
      )
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
    return c.body(body, 200, { ...headers, 'Content-Type': encoder.contentType })
  } catch (error) {
    release()
    throw error
  }
}

/** If-None-Match: a list of tags, weak ones too, or a star. */
const matches = (header: string | undefined, etag: string): boolean =>
  header?.split(',').some((tag) => ['*', etag].includes(tag.trim().replace(/^W\//, ''))) ?? false
