import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { createSandboxMarket } from '../../local/replay/sandbox/market.ts'
import type { SandboxMarket } from '../../local/replay/sandbox/market.ts'

const hashOf = (market: SandboxMarket): string => {
  const hash = createHash('sha256').update(
    JSON.stringify(market.instruments) + JSON.stringify(market.codeChanges()),
  )
  for (const { id } of market.instruments) {
    const { words } = market.bars(id)
    const { from, to, values } = market.factors(id)
    for (const array of [words, from, to, values]) hash.update(Buffer.from(array.buffer))
    hash.update(JSON.stringify([market.suspensions(id), market.names(id)]))
  }
  return hash.digest('hex')
}

const market = createSandboxMarket()
const { instruments } = market
const closeOf = (some: SandboxMarket, code: string, date: string): number => {
  const series = some.bars(some.find(code)?.id ?? -1)
  return series.price(series.rowAt(some.calendar.indexOf(date)), 3)
}

test('two builds of the same options are the same market to the last bit', () => {
  expect(hashOf(createSandboxMarket())).toBe(hashOf(market))
  expect(hashOf(createSandboxMarket({ seed: 2 }))).not.toBe(hashOf(market))
})

test('the default market is the one that demos and other tests were written against', () => {
  // A change of the generator changes every number that somebody noted: it must be on purpose.
  expect(hashOf(market)).toMatchInlineSnapshot(
    `"b6e58d7b15a093a6aa05219c5c16794a4e357e0bb03e5c17d344cabc95358c65"`,
  )
})

test('there are as many instruments as asked for, on every board, with every status', () => {
  expect(instruments.length).toBe(300)
  expect(new Set(instruments.map((stock) => stock.market))).toEqual(
    new Set(['主板', '创业板', '科创板', '北交所', 'CDR']),
  )
  expect(new Set(instruments.map((stock) => stock.status))).toEqual(new Set(['L', 'D', 'P']))
  expect(new Set(instruments.map((stock) => stock.code)).size).toBe(300)
})

test('what makes this market hard is in it', () => {
  const codes = new Set(instruments.map((stock) => stock.code))
  expect(codes.has('T00018.SH')).toBe(true)
  expect(codes.has('689009.SH')).toBe(true)
  const names = instruments.flatMap((stock) => market.names(stock.id).map((spell) => spell.name))
  for (const part of [/^ST/, /^\*ST/, /退$/, /\(退\)$/])
    expect(names.some((name) => part.test(name))).toBe(true)
  const ipos = instruments.filter((stock) => (stock.listDate ?? '') > '20240101')
  expect(ipos.length).toBeGreaterThan(5)
  const spells = instruments.flatMap((stock) => market.suspensions(stock.id))
  expect(spells.some((spell) => spell.timing !== null)).toBe(true)
  expect(spells.some((spell) => spell.timing === null && spell.from === spell.to)).toBe(true)
  expect(spells.some((spell) => spell.to - spell.from > 20)).toBe(true)
  const steps = instruments.filter((stock) => market.factors(stock.id).values.length > 1)
  expect(steps.length).toBeGreaterThan(150)
})

test('some volumes are no whole lots, on STAR nearly all', () => {
  const odd = (code: string): number => {
    const volumes = [...market.truthBars(code)].map((bar) => bar.volume)
    return volumes.filter((volume) => volume % 100 !== 0).length / volumes.length
  }
  expect(odd('688001.SH')).toBeGreaterThan(0.9)
  expect(instruments.some((stock) => odd(stock.code) === 0)).toBe(true)
})

test('today moves forward without changing the past, and Beijing is renumbered on the way', () => {
  const moving = createSandboxMarket({ stocks: 100, years: 2, today: '2025-09-30' })
  const before = moving.instruments.filter((stock) => stock.code.endsWith('.BJ'))
  expect(before.some((stock) => !stock.code.startsWith('920'))).toBe(true)
  expect(moving.codeChanges()).toEqual([])
  const close = closeOf(moving, '600001.SH', '20250905')
  moving.setToday('2025-10-09')
  expect(
    moving.instruments.filter((stock) => stock.code.endsWith('.BJ') && !stock.code.startsWith('920')),
  ).toEqual([])
  expect(moving.codeChanges().map((change) => change.oldCode)).toEqual(
    before.filter((stock) => !stock.code.startsWith('920')).map((stock) => stock.code),
  )
  expect(closeOf(moving, '600001.SH', '20250905')).toBe(close)
})

test('rows per year grow as the real market grew', () => {
  const whole = createSandboxMarket({ stocks: 570, years: 35 })
  const perYear = new Map<string, number>()
  for (const { id } of whole.instruments) {
    const series = whole.bars(id)
    for (let row = 0; row < series.count; row += 5) {
      const year = (whole.calendar.sessions[series.sessionOf(row)] ?? '').slice(0, 4)
      perYear.set(year, (perYear.get(year) ?? 0) + 5)
    }
  }
  const at = (year: string): number => (perYear.get(year) ?? 0) / 240
  expect(at('1992')).toBeLessThan(at('2000') / 10)
  expect(at('2000')).toBeGreaterThan(70)
  expect(at('2010')).toBeGreaterThan(at('2000') * 1.5)
  expect(at('2023')).toBeGreaterThan(at('2010') * 2)
})

test('nonsense is refused instead of guessed at', () => {
  expect(() => createSandboxMarket({ stocks: 0 })).toThrow('at least one stock')
  expect(() => createSandboxMarket({ today: '19900101' })).toThrow('no session')
  expect(() => createSandboxMarket({ today: 'today' })).toThrow('no session')
  expect(() => createSandboxMarket({ stocks: 40_000, years: 35 })).toThrow('no codes left')
})

test('a correction changes one bar and nothing else', () => {
  const own = createSandboxMarket({ stocks: 20, years: 1 })
  const [first, second] = [...own.truthBars('600001.SH')]
  const date = (first?.trade_date ?? '').replaceAll('-', '')
  own.correct('600001.SH', date, { volume: 12_345, amount: 99_999 })
  const [corrected, next] = [...own.truthBars('600001.SH')]
  expect(corrected).toEqual({ ...first, volume: 12_345, amount: '99999' })
  expect(next).toEqual(second)
  expect(() => {
    own.correct('600001.SH', '20261121', {})
  }).toThrow('no bar')
})
