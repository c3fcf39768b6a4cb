import { afterEach, expect, test } from 'vitest'
import { followClock } from '../../local/replay/follow-clock.ts'
import { yearMarket } from '../support/market.ts'

/* The sandbox of the demo has the newest session, whatever day it is. */

let end: () => void = () => undefined
afterEach(() => end())

test.each([
  ['before the close of a Monday', '2026-11-23T14:59:00+08:00', '20261120'],
  ['after it', '2026-11-23T15:00:00+08:00', '20261123'],
  ['on a Sunday', '2026-11-29T12:00:00+08:00', '20261127'],
  ['behind the end of its calendar', '2027-02-01T18:00:00+08:00', '20261231'],
  ['before it begins', '2026-03-02T18:00:00+08:00', '20261120'],
])('%s its newest session is the last one that is over', (_, now, newest) => {
  const market = yearMarket(3)
  end = followClock(market, () => new Date(now))
  expect(market.calendar.sessions[market.lastSession]).toBe(newest)
})
