import type { Instrument, Suspension } from '../market.ts'
import { columns } from './frame.ts'
import type { Cell, Frame } from './frame.ts'
import { digitsOf } from './instruments.ts'
import { PythonError } from './python-error.ts'
import type { Arguments } from './query.ts'
import { createFunction } from './tool-function.ts'
import type { ToolContext, ToolFunction } from './tool-function.ts'

const SUSPENSION_COLUMNS = [
  ...columns('int', '序号'),
  ...columns('text', '代码', '名称'),
  ...columns('date', '停牌时间', '停牌截止时间'),
  ...columns('text', '停牌期限', '停牌原因', '所属市场'),
  ...columns('date', '预计复牌时间'),
]

const BOARDS: Readonly<Record<string, string>> = {
  科创板: '上交所科创板',
  CDR: '上交所科创板',
  创业板: '深交所创业板',
  北交所: '北交所',
}

const boardOf = ({ market, exchange, name }: Instrument): string => {
  const side = exchange === 'SSE' ? '上交所' : '深交所'
  const special = BOARDS[market ?? '']
  if (special !== undefined) return special
  return /^\*?ST/.test(name) ? `${side}风险警示板` : `${side}主板`
}

const lengthOf = ({ from, to, timing }: Suspension): string => {
  if (timing !== null) return '盘中停牌'
  return from === to ? '停牌一天' : '连续停牌'
}

/** The end is told when it has come, and of a single day from its beginning. */
const spellRow = (context: ToolContext, instrument: Instrument, spell: Suspension): Cell[] => {
  const { sessions } = context.market.calendar
  const isKnown = spell.to + 1 <= context.session || spell.from === spell.to
  const resumed = spell.timing === null ? spell.to + 1 : spell.to
  return [
    digitsOf(instrument.code),
    instrument.name,
    sessions[spell.from] ?? null,
    isKnown ? (sessions[spell.to] ?? null) : null,
    lengthOf(spell),
    '刊登重要公告',
    boardOf(instrument),
    isKnown && spell.resumes ? (sessions[resumed] ?? null) : null,
  ]
}

/** Who is suspended on a day, and who began the day after or came back that day. No rows at the site is an exception. */
const suspensionFrame = (context: ToolContext, { date = '' }: Arguments): Frame => {
  const { market } = context
  const session = market.calendar.indexOf(date)
  const newest = Math.min(session + 1, context.session)
  const found = market.instruments.flatMap((instrument) =>
    market
      .suspensions(instrument.id)
      .filter((spell) => spell.from <= newest && spell.to + 1 >= session)
      .map((spell) => ({ instrument, spell })),
  )
  if (session < 0 || session > context.session || found.length === 0) throw new PythonError('no result')
  found.sort((a, b) => b.spell.from - a.spell.from)
  return {
    columns: SUSPENSION_COLUMNS,
    rows: found.map(({ instrument, spell }, at) => [at, ...spellRow(context, instrument, spell)]),
  }
}

const byDate = { subject: ({ date = '' }: Arguments) => ({ date }), requests: () => 2 }

/** Events from East Money's data centre, by a date. */
export const EVENT_FUNCTIONS: readonly ToolFunction[] = [
  createFunction({
    name: 'stock_tfp_em',
    site: 'eastmoney',
    parameters: { date: '20240426' },
    ...byDate,
    frame: suspensionFrame,
  }),
]
