import { z } from '@hono/zod-openapi'
import { BOARDS, EXCHANGES, type Exchange } from '../../market/symbol.ts'
import { formatInput } from './tables.ts'
import { count, cursorInput, pageLimit, symbolInput, tradeDate } from './common.ts'

const EXCHANGE_NAMES = Object.keys(EXCHANGES) as [Exchange, ...Exchange[]]
const STATUSES = ['L', 'D', 'P'] as const

export const stockQuery = z.strictObject({
  search: z
    .string()
    .trim()
    .min(1, 'is empty: leave it out for all stocks')
    .max(40, 'has more than 40 characters')
    .optional()
    .openapi({
      description:
        'The beginning of a code that it has or had, a part of its name, or how the name begins in pinyin: by initials, in full or mixed',
      example: 'gzmt',
    }),
  exchange: z.enum(EXCHANGE_NAMES, `must be one of ${EXCHANGE_NAMES.join(', ')}`).optional(),
  status: z
    .enum(STATUSES, 'must be L (listed), D (delisted) or P (listing suspended)')
    .optional()
    .openapi({ description: 'L listed, D delisted, P listing suspended' }),
  board: z.enum(BOARDS, `must be one of ${BOARDS.join(', ')}`).optional(),
  industry: z
    .string()
    .min(1)
    .max(40, 'has more than 40 characters')
    .optional()
    .openapi({ description: 'As a list names it', example: '白酒' }),
  limit: pageLimit,
  cursor: cursorInput.optional(),
  format: formatInput.openapi({
    description:
      'Instead of `Accept`. Other formats than JSON hold all stocks that are found, and take no `limit` and `cursor`',
  }),
})

export const stockParam = z.object({ symbol: symbolInput })
export const formOfStock = z.strictObject({ format: formatInput })

const text = z.string().nullable()
const number = z.number().nullable()

export const stock = z
  .object({
    symbol: z.string().openapi({ example: '000001.SZ' }),
    name: text.openapi({ example: '平安银行' }),
    fullname: text,
    cnspell: text.openapi({ description: 'Pinyin initials', example: 'PAYH' }),
    area: text,
    industry: text.openapi({ example: '银行' }),
    market: text.openapi({ example: '主板' }),
    board: z.string().openapi({ example: 'main' }),
    exchange: z.string().openapi({ example: 'SZSE' }),
    list_status: text.openapi({ example: 'L' }),
    list_date: tradeDate.nullable(),
    delist_date: tradeDate.nullable(),
    is_hs: text.openapi({ description: 'H or S: traded from Hong Kong; N: not' }),
    total_mv: number.openapi({ description: 'Yuan; of the newest valuation, as pe and pb' }),
    pe: number.openapi({ description: 'Null for a company that lost money, as its source has it' }),
    pb: number,
    valuation_date: tradeDate.nullable(),
  })
  .openapi('Stock')

export const valuationFields = {
  trade_date: tradeDate,
  turnover_rate: number.openapi({ description: 'Percent of the floating shares' }),
  turnover_rate_f: number.openapi({ description: 'Percent of the free shares' }),
  volume_ratio: number,
  pe: number,
  pe_ttm: number.openapi({
    description: 'Null or negative for a company that lost money, as its source has it',
  }),
  pe_dynamic: number.openapi({ description: 'Of the profit of this year so far, taken for a whole year' }),
  pb: number,
  ps: number,
  ps_ttm: number,
  pcf_ncf_ttm: number,
  dv_ratio: number.openapi({ description: 'Percent' }),
  dv_ttm: number.openapi({ description: 'Percent' }),
  total_share: number,
  float_share: number,
  free_share: number,
  total_mv: number.openapi({ description: 'Yuan' }),
  circ_mv: number.openapi({ description: 'Yuan' }),
}

const valuation = z
  .object({
    ...valuationFields,
    from: z
      .record(z.string(), z.string())
      .openapi({ description: 'Which source each group of fields is of', example: { worth: 'tushare' } }),
  })
  .openapi('Valuation')

export const stockDetail = stock
  .extend({
    listed: z.boolean().openapi({
      description:
        'False: no list names it, and what is known of it comes from its rows; GET /api/stocks leaves it out',
    }),
    codes: z
      .array(
        z.object({
          symbol: z.string(),
          valid_from: tradeDate.nullable(),
          valid_to: tradeDate.nullable(),
          source: z.string(),
        }),
      )
      .openapi({ description: 'Its codes, oldest first; null: since ever, or until now' }),
    names: z
      .array(
        z.object({
          name: z.string(),
          start_date: tradeDate,
          end_date: tradeDate.nullable(),
          ann_date: tradeDate.nullable(),
          reason: text,
          source: z.string(),
        }),
      )
      .openapi({ description: 'Its names, oldest first' }),
    special_treatment: z
      .array(
        z.object({
          kind: z.enum(['st', 'delisting']),
          from_date: tradeDate,
          to_date: tradeDate.nullable(),
          source: z.string(),
          basis: z.enum(['name', 'bars']),
        }),
      )
      .openapi({
        description: 'When it was under special treatment, as each source knows it; both days included',
      }),
    valuation: valuation.nullable().openapi({ description: 'The newest one' }),
    covered: z
      .array(
        z.object({
          dataset: z.string(),
          source: z.string(),
          from_date: tradeDate,
          to_date: tradeDate,
          holes: count,
        }),
      )
      .openapi({ description: 'What each source has brought of its life' }),
  })
  .openapi('StockDetail')
