import { expect, test } from 'vitest'
import { loadConfig } from '../../config.ts'
import { sourceNeeds } from '../../local/source-needs.ts'

/* What `npm start` says of the sources. */

const linesOf = (env: NodeJS.ProcessEnv) => sourceNeeds(loadConfig(env))

test('with nothing set BaoStock is ready, and the others say how to get them', () => {
  const [tushare, akshare, baostock, ...more] = linesOf({})
  expect(more).toEqual([])
  expect(tushare).toMatch(/^tushare {3}no token .*set TUSHARE_TOKEN.*PUT \/api\/sources\/tushare/)
  expect(akshare).toMatch(
    /^akshare {3}no address: pip install aktools && python -m aktools, then set AKTOOLS_URL/,
  )
  expect(baostock).toBe('baostock  ready, public-api.baostock.com; BaoStock needs no account')
})

test('with everything set all are ready, and no secret is shown', () => {
  const lines = linesOf({
    TUSHARE_TOKEN: 'a-token-of-a-test',
    AKTOOLS_URL: 'http://someone:hunter2@tools.example:8080',
    BAOSTOCK_API_KEY: 'bs-ofatest',
  })
  expect(lines).toEqual([
    'tushare   ready, api.tushare.pro',
    'akshare   ready, AKTools at tools.example:8080',
    'baostock  ready, vip-api.baostock.com',
  ])
})

test('one that is switched off says by which variable, whatever else is set', () => {
  const lines = linesOf({
    TUSHARE_TOKEN: 'a-token-of-a-test',
    TUSHARE_PRIORITY: '',
    AKSHARE_PRIORITY: '',
    BAOSTOCK_PRIORITY: '',
  })
  expect(lines).toEqual([
    'tushare   switched off (TUSHARE_PRIORITY is empty)',
    'akshare   switched off (AKSHARE_PRIORITY is empty)',
    'baostock  switched off (BAOSTOCK_PRIORITY is empty)',
  ])
})
