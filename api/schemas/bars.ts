import { z } from '@hono/zod-openapi'
import { ADJUSTED_DECIMALS, ADJUSTMENT_NAMES } from '../../market/adjust.ts'
import { PERIODS } from '../../market/datasets.ts'
import { dateInput, symbolInput, tradeDate, wholeNumber } from './common.ts'
import { formatInput, mixedDates, moment, oneOf, sourceOrBest } from './tables.ts'

const MAX_SYMBOLS = 100

export const symbolList = z
  .string()
  .transform((text, context) => {
    const parts = text.split(',').filter((part) => part.trim() !== '')
    if (parts.length === 0 || parts.length > MAX_SYMBOLS) {
      context.addIssue({
        code: 'custom',
        message: `must name 1 to ${MAX_SYMBOLS} symbols, comma separated, and has ${parts.length}; date= gives the whole market of one day`,
      })
      return z.NEVER
    }
    const found = parts.map((part) => symbolInput.safeParse(part))
    for (const { error } of found)
      for (const { message } of error?.issues ?? []) context.addIssue({ code: 'custom', message })
    return [...new Set(found.flatMap(({ data }) => data ?? []))]
  })
  .openapi({
    type: 'string',
    description: `Up to ${MAX_SYMBOLS}, comma separated: 600000, 600000.SH, sh.600000 or SH600000. A code that a stock had before gives all of its history too`,
    example: '600000',
  })

export const barsQuery = z
  .strictObject({
    symbol: symbolList.optional(),
    date: dateInput.optional().openapi({
      description: 'The whole market of one day, or of the week or month that holds it',
      example: '2026-11-20',
    }),
    period: oneOf(PERIODS).default('daily'),
    from: dateInput.optional().openapi({ description: 'First trade date; the first bar when left out' }),
    to: dateInput.optional().openapi({
      description:
        'Last trade date; the last bar when left out. Weeks and months are dated by the last session of the market in them',
    }),
    adjust: oneOf(ADJUSTMENT_NAMES as [(typeof ADJUSTMENT_NAMES)[number]])
      .default('none')
      .openapi({
        description:
          '`qfq`: price × factor / factor of the anchor, `hfq`: price × factor; pct_chg, volume and amount stay raw. Where a factor is missing, prices are null and `adjusted` is false',
      }),
    anchor: dateInput.optional().openapi({
      description:
        'With `qfq`: the newest factor at or before this day is the anchor; the newest of all when left out',
    }),
    source: sourceOrBest.openapi({
      description: '`best`: one bar out of those of all sources, with the factors of one of them',
    }),
    as_of: moment.optional().openapi({
      description:
        'Bars and factors as they were known then: an instant of ISO 8601 with its zone, or a date, which stands for its end in Shanghai. Raw weeks and months are then made of days. Which days a source had answered for is known for the present only',
      example: '2026-11-20T12:30:00Z',
    }),
    decimals: wholeNumber(0, 10, ADJUSTED_DECIMALS).openapi({
      description: 'Of adjusted prices, at most. Raw ones are as they were served',
    }),
    format: formatInput,
  })
  .check((context) => {
    for (const [field, message] of contradictions(context.value))
      context.issues.push({ code: 'custom', path: [field], message, input: context.value })
  })

type Query = z.output<typeof barsQuery>

function contradictions(query: Query): [string, string][] {
  const { adjust, anchor } = query
  const found = mixedDates(query)
  if (anchor !== undefined && adjust !== 'qfq') found.push(['anchor', 'is for adjust=qfq only'])
  return found
}

const decimal = z.number().nullable()

const bar = z
  .object({
    symbol: z.string().openapi({ description: 'As it was asked for; the code of today for a whole market' }),
    trade_date: tradeDate,
    period_start: tradeDate.nullable().optional().openapi({ description: 'Of weeks and months' }),
    is_final: z.boolean().optional().openapi({ description: 'Of weeks and months: false while they run' }),
    open: decimal.openapi({ description: 'Yuan' }),
    high: decimal,
    low: decimal,
    close: decimal,
    pre_close: decimal.openapi({
      description: 'The ex-right reference; of adjusted days the adjusted close before, up to its rounding',
    }),
    change: decimal,
    pct_chg: decimal.openapi({ description: 'Percent' }),
    volume: z.number().int().openapi({ description: 'Shares' }),
    amount: z.number().openapi({ description: 'Yuan' }),
    is_st: z.boolean().nullable().optional(),
    source: z.string().nullable().openapi({
      description: 'Of the prices; null for a week or month out of several sources',
      example: 'tushare',
    }),
    disputed: z
      .boolean()
      .optional()
      .openapi({ description: 'With `best`: sources differ, and none has a majority' }),
    adjusted: z.boolean().optional(),
    factor: decimal
      .optional()
      .openapi({ description: 'Of the day, or of the last day; null where it is missing' }),
    anchor_factor: decimal.optional(),
    factor_source: z.string().nullable().optional(),
  })
  .openapi('Bar')

export const barsAnswer = z
  .object({
    period: z.string(),
    adjust: z.string(),
    source: z.string(),
    anchor: tradeDate.nullable(),
    as_of: z.string().nullable(),
    data: z.array(bar),
    count: z.number().int().openapi({ description: 'Rows in data; comes last' }),
  })
  .openapi('Bars', {
    example: {
      period: 'daily',
      adjust: 'qfq',
      source: 'best',
      anchor: null,
      as_of: null,
      data: [
        {
          symbol: '600519.SH',
          trade_date: '2023-12-19',
          open: 1650.95703523,
          high: 1660.8430055,
          low: 1646.01405009,
          close: 1655.90002036,
          pre_close: 1652.93422928,
          change: 2.96579108,
          pct_chg: 0.1794,
          volume: 2310000,
          amount: 3824000000,
          is_st: null,
          source: 'tushare',
          disputed: false,
          adjusted: true,
          factor: 7.768,
          anchor_factor: 7.8576,
          factor_source: 'tushare',
        },
      ],
      count: 1,
    },
  })
