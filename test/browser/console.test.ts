import { serve } from '@hono/node-server'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { createApp } from '../../api/app.ts'
import { type ApiLab, openApiLab } from '../api/support.ts'
import { CONFIGURED, KEYS } from '../api/access/support.ts'
import { openBrowser } from '../support/browser.ts'
import { yearMarket } from '../support/market.ts'

/*
 * The console in a real browser, on the whole service with a worker. Upstream calls hang where a run has to stay under way.
 */

let lab: ApiLab
let server: Server
let browser: Browser
let page: Page
let origin: string
const asked: string[] = []
const complaints: string[] = []

const listen = async (fetch: ApiLab['app']['fetch'], port = 0): Promise<Server> =>
  await new Promise((resolve) => {
    const listening = serve({ fetch, hostname: '127.0.0.1', port }, () => resolve(listening as Server))
  })
const originOf = (of: Server): string => `http://127.0.0.1:${(of.address() as AddressInfo).port}`
const stop = async (of: Server): Promise<void> => {
  const closed = new Promise((resolve) => of.close(resolve))
  of.closeAllConnections()
  await closed
}

async function openPage(): Promise<Page> {
  const opened = await browser.newPage({ locale: 'en-US' })
  opened.on('request', (request) => asked.push(request.url()))
  opened.on('console', (message) => {
    // A refusal or a service that is away is an error to the browser, not to the page.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      complaints.push(message.text())
  })
  opened.on('pageerror', (error) => complaints.push(error.message))
  return opened
}

beforeAll(async () => {
  ;[lab, browser] = await Promise.all([
    // Whoever waits for a call that hangs waits no longer than this.
    openApiLab({ worker: true, market: yearMarket(8), tushare: { timeoutMs: 500 } }),
    openBrowser(),
  ])
  server = await listen(lab.app.fetch)
  origin = originOf(server)
  page = await openPage()
  await page.goto(origin)
})
afterEach(async () => {
  lab.upstream.setFaults([])
  await lab.clear()
})
afterAll(async () => {
  await browser.close()
  await stop(server)
  await lab.close()
})

const badge = (text: string) => page.locator('.badge', { hasText: new RegExp(`^${text}$`) })
const button = (name: string) => page.getByRole('button', { name, exact: true })

/** A run of bars whose calls hang. */
async function hangingRun(): Promise<string> {
  lab.upstream.setFaults([{ kind: 'hang', api: 'daily' }])
  return await lab.start('daily_history', { refresh: true })
}

test('a new user is told what to do, sees what a job costs, starts it and watches it end', async () => {
  await page.getByText('Nothing has run yet').waitFor()
  await page.getByLabel('Job').selectOption('daily_history')
  await button('What would it cost?').click()
  await page.getByRole('region', { name: 'Plan', exact: true }).getByText('daily').first().waitFor()
  lab.upstream.setFaults([{ kind: 'hang', api: 'daily' }])
  await button('Start').click()
  await badge('running').waitFor()
  expect(await page.getByRole('progressbar').getAttribute('value')).not.toBe('100')
  lab.upstream.setFaults([])
  await page.getByText('Nothing is running').waitFor()
  await page.locator('.facts a', { hasText: 'Daily bars, whole history' }).click()
  await badge('success').first().waitFor()
  expect(await page.getByRole('progressbar').getAttribute('value')).toBe('100')
  await page.getByRole('region', { name: 'What came from where' }).getByText('Tushare Pro').first().waitFor()
})

test('a run is paused, resumed and cancelled from the page', async () => {
  await page.goto(`${origin}/#/now`)
  const id = await hangingRun()
  await button('Pause').click()
  await badge('paused').waitFor()
  expect((await lab.until(id, ['paused'])).status).toBe('paused')
  await button('Resume').click()
  await badge('running').waitFor()
  await button('Cancel the run').click()
  await button('No, keep it').click()
  await button('Cancel the run').click()
  await button('Yes, cancel it').click()
  await page.getByText('Nothing is running').waitFor()
  expect((await lab.until(id)).status).toBe('cancelled')
})

test('while nobody answers the page says so, and goes on where it was by itself', async () => {
  await page.goto(`${origin}/#/now`)
  const id = await hangingRun()
  await badge('running').waitFor()
  await stop(server)
  await page.getByText('The service does not answer').waitFor()
  await lab.db
    .sql`insert into sync_log (run_id, level, message) values (${id}, 'warn', 'said while nobody listened')`
  server = await listen(lab.app.fetch, Number(new URL(origin).port))
  await page.getByText('said while nobody listened').waitFor()
  expect(await page.getByText('The service does not answer').count()).toBe(0)
})

test('markup in what the service says is text', async () => {
  const { id } = await lab.run('stock_list')
  const markup = '<img src=x onerror="document.title=1"><b>bold</b>'
  await lab.db.sql`update sync_run set message = ${markup} where id = ${id}`
  await page.goto(`${origin}/#/runs/${id}`)
  await page.getByText(markup).waitFor()
  expect(await page.locator('main img, main .note b').count()).toBe(0)
})

test('the language can be changed, and is kept', async () => {
  await page.goto(`${origin}/#/data`)
  await page.getByLabel('Language').selectOption('zh')
  await page.getByRole('heading', { name: '新鲜度' }).waitFor()
  await page.reload()
  await page.getByRole('heading', { name: '新鲜度' }).waitFor()
  expect(await page.locator('html').getAttribute('lang')).toBe('zh')
  await page.getByLabel('语言').selectOption('en')
  await page.getByRole('heading', { name: 'Freshness' }).waitFor()
})

test('what is being typed, and where, outlives what comes in', async () => {
  await page.goto(`${origin}/#/now`)
  const field = page.getByLabel('Stocks')
  await field.fill('6000')
  const before = asked.length
  // The page asks for the state of things again and again, and draws what it hears.
  const looks = () => asked.slice(before).filter((url) => url.endsWith('/api/sync/status')).length
  await expect.poll(looks, { timeout: 20_000 }).toBeGreaterThan(1)
  expect(await field.inputValue()).toBe('6000')
  expect(await page.locator('input:focus').inputValue()).toBe('6000')
})

test('a refusal of the service stands beside the button that asked for it', async () => {
  await page.goto(`${origin}/#/now`)
  await page.getByLabel('Stocks').fill('900901')
  await button('Start').click()
  await page.getByRole('alert').getByText('is a B share').waitFor()
})

test('a stock is found by pinyin, and its closes are drawn', async () => {
  const { items } = (await lab.get<{ items: { symbol: string; cnspell: string }[] }>('/api/stocks?limit=1'))
    .body
  const [stock] = items
  await page.goto(`${origin}/#/stocks`)
  await page.getByLabel('Find a stock').fill(stock?.cnspell.toLowerCase() ?? '')
  await page.getByRole('link', { name: stock?.symbol ?? '' }).click()
  await page.locator('.chart path.close').waitFor()
  expect((await page.locator('.chart path.close').getAttribute('d'))?.length).toBeGreaterThan(1_000)
})

test('no screen is wider than a telephone', async () => {
  await page.setViewportSize({ width: 360, height: 740 })
  const data = ['data', 'data/days', 'data/gaps', 'data/failures']
  for (const screen of ['now', 'runs', ...data, 'stocks', 'stocks/600000', 'schedules', 'sources']) {
    await page.goto(`${origin}/#/${screen}`)
    await page.locator('main h1').waitFor()
    await expect.poll(() => page.locator('.loading').count(), { timeout: 20_000 }).toBe(0)
    const width = await page.evaluate<number>('document.documentElement.scrollWidth')
    expect(width, screen).toBeLessThanOrEqual(360)
  }
})

test('with keys it asks for one, and shows what its role may do', async () => {
  const guarded = await listen(
    createApp({ ...lab.api, access: { ...lab.api.access, keys: CONFIGURED } }).fetch,
  )
  const other = await openPage()
  try {
    await other.goto(originOf(guarded))
    await other.getByLabel('Key').fill('nobody-has-this-key-at-all')
    await other.getByRole('button', { name: 'Sign in' }).click()
    await other.getByRole('alert').getByText('no such key').waitFor()
    const enter = async (role: keyof typeof KEYS): Promise<void> => {
      await other.getByLabel('Key').fill(KEYS[role])
      await other.getByRole('button', { name: 'Sign in' }).click()
      await other.getByText(`the-${role} · ${role}`).waitFor()
    }
    await enter('viewer')
    await other.getByText('Nothing is running').waitFor()
    expect(await other.getByText('Start a job').count()).toBe(0)
    await other.getByRole('button', { name: 'Sign out' }).click()
    await enter('operator')
    await other.getByText('Start a job').waitFor()
    await other.goto(`${originOf(guarded)}/#/sources`)
    await other.getByRole('button', { name: 'Test' }).first().waitFor()
    expect(await other.getByText('Settings').count()).toBe(0)
  } finally {
    await other.close()
    await stop(guarded)
  }
})

test('nothing came from anywhere else, and neither browser nor page complained', () => {
  expect(asked.filter((url) => !url.startsWith('http://127.0.0.1:'))).toEqual([])
  expect(complaints).toEqual([])
})
