import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { SourceCall } from '../../market/capability.ts'
import { cellIndex, expectedRows, missingCells } from '../../planning/expected.ts'
import { cell, cellsOfCalls, isAlive, marketOf, markets, sessionsFrom } from './market.ts'

const callOf = (symbols: string[] | null, from: string, to: string): SourceCall => ({
  dataset: 'bars',
  symbols,
  from,
  to,
  part: null,
  rows: 0,
})

test('missing cells are exactly the expected ones without a row', () => {
  const answers = markets.chain((market) => {
    const date = fc.nat(market.calendar.length - 1).map((position) => market.calendar.at(position))
    const symbols = fc.option(fc.subarray(market.instruments.map(({ symbol }) => symbol)))
    return fc.tuple(fc.constant(market), symbols, date, date, fc.infiniteStream(fc.boolean()))
  })
  fc.assert(
    fc.property(answers, ([market, symbols, from, to, lost]) => {
      const { calendar, instruments } = market
      const call = callOf(symbols, from, to)
      const expected = cellsOfCalls([call], market)
      const missing = expected.filter(() => lost.next().value)
      const rows = expected
        .filter((one) => !missing.includes(one))
        .map((one) => ({ id: Number(one.split('/')[0]), tradeDate: one.split('/')[1] ?? '' }))
        .map(({ id, tradeDate }) => ({ symbol: market.byId.get(id)?.symbol ?? '', tradeDate }))
      const found = missingCells({ call, instruments, calendar, has: cellIndex(rows) })
      expect(found.map(({ id, date }) => cell(id, date))).toEqual(missing)
    }),
    { numRuns: 200 },
  )
})

test('a foreign row does not hide a missing cell', () => {
  const calendar = sessionsFrom('2024-01-01', 3)
  const market = marketOf(calendar, [[1, null]])
  const rows = [0, 1].map((position) => ({ symbol: '000001.SZ', tradeDate: calendar.at(position) }))
  const call = callOf(['000001.SZ'], calendar.at(0), calendar.at(2))
  expect(missingCells({ call, instruments: market.instruments, calendar, has: cellIndex(rows) })).toEqual([
    { id: 1, symbol: '000001.SZ', date: calendar.at(2) },
  ])
})

test('a list has no cells', () => {
  const market = marketOf(sessionsFrom('2024-01-01', 3), [[0, null]])
  const call = { ...callOf(null, '', ''), from: null, to: null }
  expect(missingCells({ call, ...market, has: () => false })).toEqual([])
})

test('expected rows count the listed sessions between two dates', () => {
  const ranges = markets.chain((market) => fc.tuple(fc.constant(market), fc.nat(150), fc.nat(150)))
  fc.assert(
    fc.property(ranges, ([{ calendar, instruments }, start, days]) => {
      const from = new Date(Date.UTC(2019, 11, start)).toISOString().slice(0, 10)
      const to = new Date(Date.UTC(2019, 11, start + days)).toISOString().slice(0, 10)
      for (const instrument of instruments) {
        const listed = calendar.sessions.filter(
          (date) => from <= date && date <= to && isAlive(instrument, date),
        )
        expect(expectedRows(instrument, from, to, calendar)).toBe(listed.length)
      }
    }),
  )
})
