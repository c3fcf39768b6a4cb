import { expect, test } from 'vitest'
import {
  BAOSTOCK_CAPABILITIES,
  BAOSTOCK_HOST,
  baostockHost,
  baostockLimits,
} from '../../../market/baostock.ts'
import { Secret } from '../../../market/secret.ts'
import { BaostockSource } from '../../../sources/baostock/source.ts'
import { LocalExclusive } from './exclusive.ts'
import { settingsFor } from './upstream.ts'

const UNSET = { callsPerMinute: undefined, minIntervalMs: undefined }
const PER_DAY = 40_000

test.each([
  [UNSET, { perMinute: null, minIntervalMs: 100 }],
  [
    { callsPerMinute: 60, minIntervalMs: 0 },
    { perMinute: 60, minIntervalMs: 0 },
  ],
  [
    { callsPerMinute: 0, minIntervalMs: 250 },
    { perMinute: null, minIntervalMs: 250 },
  ],
])('a pace of %j is %j, and the limit of the day stays', (settings, limits) => {
  expect(baostockLimits(settings)).toEqual({ ...limits, perHour: null, perDay: PER_DAY })
  const source = new BaostockSource(settingsFor(settings), new LocalExclusive())
  expect(source.limitsOf()).toEqual(baostockLimits(settings))
})

test('an account with a key belongs to another host, unless an address was set', () => {
  const apiKey = new Secret(`bs-${'0'.repeat(30)}`)
  expect(baostockHost({ host: BAOSTOCK_HOST, apiKey: undefined })).toBe('public-api.baostock.com')
  expect(baostockHost({ host: BAOSTOCK_HOST, apiKey })).toBe('vip-api.baostock.com')
  expect(baostockHost({ host: '127.0.0.1', apiKey })).toBe('127.0.0.1')
})

test('a call for bars fits one page and leaves it short, so that no second request follows', () => {
  expect(BAOSTOCK_CAPABILITIES.bars.bySymbols.rowCap).toBe(1_999)
})

test('accounts: one for everybody, one for each key', () => {
  const accountOf = (apiKey?: Secret) =>
    new BaostockSource(settingsFor(apiKey ? { apiKey } : {}), new LocalExclusive()).account
  expect(accountOf()).toBe('anonymous')
  expect(accountOf(new Secret(`bs-${'0'.repeat(30)}`))).toMatch(/^[0-9a-f]{12}$/)
})
