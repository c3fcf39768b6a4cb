import { sql } from 'drizzle-orm'
import {
  bigint,
  boolean,
  check,
  date,
  index,
  integer,
  jsonb,
  numeric,
  pgTable,
  primaryKey,
  text,
  uuid,
} from 'drizzle-orm/pg-core'
import { instant, written } from './columns.ts'

/** A stock or index, whatever its codes and names were. Market rows hang on its id. */
export const instrument = pgTable(
  'instrument',
  {
    id: integer('id').primaryKey().generatedAlwaysAsIdentity(),
    kind: text('kind').notNull().default('stock'),
    board: text('board').notNull(),
    exchange: text('exchange').notNull(),
    listDate: date('list_date'),
    delistDate: date('delist_date'),
    /** True while no list names it: opened because a bar came for its code. */
    stub: boolean('stub').notNull().default(false),
    createdAt: instant('created_at').notNull().defaultNow(),
  },
  // Whoever asks for the days of a life would be refused, and with it all that is asked beside it.
  (t) => [check('instrument_life', sql`${t.delistDate} > ${t.listDate}`)],
)

/** The codes of an instrument; Beijing codes were renumbered in 2025, so one instrument may have several. */
export const instrumentCode = pgTable(
  'instrument_code',
  {
    code: text('code').primaryKey(),
    instrumentId: integer('instrument_id')
      .notNull()
      .references(() => instrument.id),
    /** Null: since ever, or until now. */
    validFrom: date('valid_from'),
    validTo: date('valid_to'),
    source: text('source').notNull(),
  },
  (t) => [index('instrument_code_instrument').on(t.instrumentId)],
)

/** One row per code and source, as that source lists it. */
export const stockBasicInfo = pgTable(
  'stock_basic_info',
  {
    code: text('code').notNull(),
    source: text('source').notNull(),
    instrumentId: integer('instrument_id')
      .notNull()
      .references(() => instrument.id),
    symbol: text('symbol').notNull(),
    name: text('name'),
    fullname: text('fullname'),
    enname: text('enname'),
    cnspell: text('cnspell'),
    area: text('area'),
    industry: text('industry'),
    market: text('market'),
    exchange: text('exchange').notNull(),
    currType: text('curr_type'),
    isHs: text('is_hs'),
    listStatus: text('list_status'),
    listDate: date('list_date'),
    delistDate: date('delist_date'),
    /** Yuan. */
    totalMv: numeric('total_mv', { precision: 22, scale: 4 }),
    circMv: numeric('circ_mv', { precision: 22, scale: 4 }),
    pe: numeric('pe'),
    peTtm: numeric('pe_ttm'),
    pb: numeric('pb'),
    ps: numeric('ps'),
    /** The session that these are of. */
    valuationDate: date('valuation_date'),
    ...written,
  },
  (t) => [
    primaryKey({ columns: [t.code, t.source] }),
    index('stock_basic_info_symbol').on(t.symbol),
    index('stock_basic_info_instrument').on(t.instrumentId),
  ],
)

export const tradeCalendar = pgTable(
  'trade_calendar',
  {
    exchange: text('exchange').notNull(),
    tradeDate: date('trade_date').notNull(),
    isOpen: boolean('is_open').notNull(),
    previousTradeDate: date('previous_trade_date'),
    source: text('source').notNull(),
    ...written,
  },
  (t) => [primaryKey({ columns: [t.exchange, t.tradeDate] })],
)

/** Raw bars; partitioned by year of `trade_date` in the migration (decision 0003). */
export const bars = pgTable(
  'bars',
  {
    instrumentId: integer('instrument_id').notNull(),
    tradeDate: date('trade_date').notNull(),
    period: text('period').notNull(),
    source: text('source').notNull(),
    symbol: text('symbol').notNull(),
    /** Weekly and monthly bars: the first day of their period. */
    periodStart: date('period_start'),
    isFinal: boolean('is_final').notNull().default(true),
    /** Prices in yuan, unadjusted, as served. */
    open: numeric('open').notNull(),
    high: numeric('high').notNull(),
    low: numeric('low').notNull(),
    close: numeric('close').notNull(),
    preClose: numeric('pre_close'),
    change: numeric('change'),
    /** Percent. */
    pctChg: numeric('pct_chg'),
    /** Shares. */
    volume: bigint('volume', { mode: 'bigint' }).notNull(),
    /** Yuan. */
    amount: numeric('amount', { precision: 22, scale: 4 }).notNull(),
    /** Under special treatment that day; null where the source does not say. */
    isSt: boolean('is_st'),
    ...written,
  },
  (t) => [
    primaryKey({ columns: [t.instrumentId, t.tradeDate, t.period, t.source] }),
    index('bars_trade_date').on(t.tradeDate),
  ],
)

/** Cumulative adjustment factors; the last row at or before a date holds. */
export const adjFactor = pgTable(
  'adj_factor',
  {
    instrumentId: integer('instrument_id').notNull(),
    tradeDate: date('trade_date').notNull(),
    source: text('source').notNull(),
    symbol: text('symbol').notNull(),
    factor: numeric('factor', { precision: 20, scale: 8 }).notNull(),
    ...written,
  },
  (t) => [
    primaryKey({ columns: [t.instrumentId, t.tradeDate, t.source] }),
    index('adj_factor_trade_date').on(t.tradeDate),
  ],
)

export const suspension = pgTable(
  'suspension',
  {
    instrumentId: integer('instrument_id').notNull(),
    tradeDate: date('trade_date').notNull(),
    source: text('source').notNull(),
    suspendType: text('suspend_type').notNull(),
    symbol: text('symbol').notNull(),
    /** Null: the whole day, so that no bar is expected. */
    suspendTiming: text('suspend_timing'),
    ...written,
  },
  (t) => [
    primaryKey({ columns: [t.instrumentId, t.tradeDate, t.source, t.suspendType] }),
    index('suspension_trade_date').on(t.tradeDate),
  ],
)

/** Names that stocks had, and since when. */
export const nameChange = pgTable(
  'name_change',
  {
    instrumentId: integer('instrument_id').notNull(),
    startDate: date('start_date').notNull(),
    name: text('name').notNull(),
    source: text('source').notNull(),
    symbol: text('symbol').notNull(),
    endDate: date('end_date'),
    annDate: date('ann_date'),
    reason: text('reason'),
    ...written,
  },
  (t) => [primaryKey({ columns: [t.instrumentId, t.startDate, t.name, t.source] })],
)

/** Valuation of stocks by session; partitioned as bars are. Null: not served, which is not zero. */
export const dailyBasic = pgTable(
  'daily_basic',
  {
    instrumentId: integer('instrument_id').notNull(),
    tradeDate: date('trade_date').notNull(),
    source: text('source').notNull(),
    symbol: text('symbol').notNull(),
    /** Yuan. */
    close: numeric('close'),
    /** Percent of the floating shares; of the free ones. */
    turnoverRate: numeric('turnover_rate'),
    turnoverRateF: numeric('turnover_rate_f'),
    volumeRatio: numeric('volume_ratio'),
    pe: numeric('pe'),
    peTtm: numeric('pe_ttm'),
    /** Of this year's profit so far, annualised: never merged with the trailing one. */
    peDynamic: numeric('pe_dynamic'),
    pb: numeric('pb'),
    ps: numeric('ps'),
    psTtm: numeric('ps_ttm'),
    pcfNcfTtm: numeric('pcf_ncf_ttm'),
    /** Percent. */
    dvRatio: numeric('dv_ratio'),
    dvTtm: numeric('dv_ttm'),
    /** Shares. */
    totalShare: numeric('total_share'),
    floatShare: numeric('float_share'),
    freeShare: numeric('free_share'),
    /** Yuan. */
    totalMv: numeric('total_mv', { precision: 22, scale: 4 }),
    circMv: numeric('circ_mv', { precision: 22, scale: 4 }),
    ...written,
  },
  (t) => [
    primaryKey({ columns: [t.instrumentId, t.tradeDate, t.source] }),
    index('daily_basic_trade_date').on(t.tradeDate),
  ],
)

/** Bars of indices: points, shares, yuan. */
export const indexBars = pgTable(
  'index_bars',
  {
    instrumentId: integer('instrument_id').notNull(),
    tradeDate: date('trade_date').notNull(),
    source: text('source').notNull(),
    symbol: text('symbol').notNull(),
    open: numeric('open'),
    high: numeric('high'),
    low: numeric('low'),
    close: numeric('close').notNull(),
    preClose: numeric('pre_close'),
    change: numeric('change'),
    pctChg: numeric('pct_chg'),
    volume: numeric('volume'),
    amount: numeric('amount', { precision: 22, scale: 4 }),
    ...written,
  },
  (t) => [primaryKey({ columns: [t.instrumentId, t.tradeDate, t.source] })],
)

/** Members of indices, as they were on the days on which an upstream lists them. */
export const indexMember = pgTable(
  'index_member',
  {
    indexId: integer('index_id').notNull(),
    tradeDate: date('trade_date').notNull(),
    instrumentId: integer('instrument_id').notNull(),
    source: text('source').notNull(),
    indexSymbol: text('index_symbol').notNull(),
    symbol: text('symbol').notNull(),
    /** Percent; null where the source does not say. */
    weight: numeric('weight'),
    ...written,
  },
  (t) => [
    primaryKey({ columns: [t.indexId, t.tradeDate, t.instrumentId, t.source] }),
    index('index_member_instrument').on(t.instrumentId),
  ],
)

/** What a row said before an upstream changed it. */
export const revision = pgTable(
  'revision',
  {
    id: bigint('id', { mode: 'bigint' }).primaryKey().generatedAlwaysAsIdentity(),
    dataset: text('dataset').notNull(),
    instrumentId: integer('instrument_id').notNull(),
    tradeDate: date('trade_date').notNull(),
    source: text('source').notNull(),
    /** The row as it was: column → value. */
    old: jsonb('old').notNull(),
    knownFrom: instant('known_from').notNull(),
    knownTo: instant('known_to')
      .notNull()
      .default(sql`now()`),
    runId: uuid('run_id'),
  },
  (t) => [
    index('revision_key').on(t.dataset, t.instrumentId, t.tradeDate),
    index('revision_known_to').on(t.knownTo),
  ],
)
