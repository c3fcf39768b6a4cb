import type { Sql } from '../../db/client.ts'
import {
  type ListedStock,
  type ListedWithCodes,
  readListed,
  listedVersion,
} from '../../db/queries/instruments.ts'
import type { Sound } from './pinyin.ts'

export interface StockFilter {
  search?: string | undefined
  exchange?: string | undefined
  status?: string | undefined
  board?: string | undefined
  industry?: string | undefined
  /** The symbol that the page comes after. */
  after?: string | undefined
  limit: number
}

interface Entry {
  stock: ListedStock
  /** Codes that it has or had, in small letters. */
  codes: readonly string[]
  name: string
  initials: string
  sound: Sound
}

interface Read {
  version: string
  entries: readonly Entry[]
}

/**
 * The stocks that the lists name, searched in memory: some thousands of them, by code, name and sound. They are read again when
 * the lists have changed.
 */
export class StockDirectory {
  readonly #sql: Sql
  #entries: Promise<Read> | null = null

  constructor(sql: Sql) {
    this.#sql = sql
  }

  /** A page, by symbol. */
  async list(filter: StockFilter): Promise<ListedStock[]> {
    return (await this.listWithVersion(filter)).stocks
  }

  /** The same with the version of the lists, which changes with everything that they hold. */
  async listWithVersion(filter: StockFilter): Promise<{ stocks: ListedStock[]; version: string }> {
    const { after = '', limit, exchange, status, board, industry } = filter
    const isFound = filter.search === undefined ? () => true : await searchFor(filter.search)
    const is = (wanted: string | undefined, value: string | null) => wanted === undefined || wanted === value
    const page: ListedStock[] = []
    const { version, entries } = await this.#read()
    for (const entry of entries) {
      const { stock } = entry
      if (page.length === limit) break
      if (
        stock.symbol > after &&
        is(exchange, stock.exchange) &&
        is(status, stock.list_status) &&
        is(board, stock.board) &&
        is(industry, stock.industry) &&
        isFound(entry)
      )
        page.push(stock)
    }
    return { stocks: page, version }
  }

  async #read(): Promise<Read> {
    const version = await listedVersion(this.#sql)
    const kept = await this.#entries
    if (kept?.version === version) return kept
    const reading = readEntries(this.#sql, version)
    this.#entries = reading
    // A failure is that of this question alone.
    reading.catch(() => (this.#entries = null))
    return await reading
  }
}

async function readEntries(sql: Sql, version: string): Promise<Read> {
  // Loaded with its dictionary when somebody looks for a stock first.
  const { soundOf } = await import('./pinyin.ts')
  const listed = await readListed(sql)
  const entries = listed.map(({ codes, ...stock }: ListedWithCodes): Entry => ({
    stock,
    codes: codes.map((code) => code.toLowerCase()),
    name: plain(stock.name ?? ''),
    initials: stock.cnspell?.toLowerCase() ?? '',
    sound: soundOf(stock.name ?? ''),
  }))
  return { version, entries }
}

/** As people type it: without spaces, full-width letters and capitals. */
const plain = (text: string): string => text.normalize('NFKC').replace(/\s/g, '').toLowerCase()

async function searchFor(text: string): Promise<(entry: Entry) => boolean> {
  const { soundsLike } = await import('./pinyin.ts')
  const typed = plain(text)
  const isSound = /^[a-z0-9]+$/.test(typed)
  // sh600000, sh.600000: the suffix stands at the end of a symbol.
  const prefixed = /^(sh|sz|bj)\.?([0-9a-z]*\d)$/.exec(typed)
  const isCode = (code: string): boolean =>
    code.startsWith(typed) ||
    (prefixed !== null && code.startsWith(prefixed[2] ?? '') && code.endsWith(`.${prefixed[1] ?? ''}`))
  return (entry) =>
    entry.codes.some(isCode) ||
    entry.name.includes(typed) ||
    (isSound && (entry.initials.startsWith(typed) || soundsLike(entry.sound, typed)))
}
