import { serve, type ServerType } from '@hono/node-server'
import type { AddressInfo } from 'node:net'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ApiLab, openApiLab } from '../api/support.ts'
import { openBrowser } from '../support/browser.ts'

/*
 * The page that shows the API, in a real browser.
 */

let lab: ApiLab
let server: ServerType
let browser: Browser
let page: Page
let origin: string
const asked: string[] = []
const complaints: string[] = []

beforeAll(async () => {
  ;[lab, browser] = await Promise.all([openApiLab(), openBrowser()])
  await new Promise<void>((listening) => {
    server = serve({ fetch: lab.app.fetch, hostname: '127.0.0.1', port: 0 }, () => listening())
  })
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  page = await browser.newPage()
  page.on('request', (request) => asked.push(request.url()))
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(error.message))
  await page.goto(`${origin}/docs`)
  await page.waitForSelector('.opblock')
})
afterAll(async () => {
  await browser.close()
  server.close()
  await lab.close()
})

test('it lists every operation of the document', async () => {
  const { paths } = (await lab.get<{ paths: Record<string, Record<string, unknown>> }>('/openapi.json')).body
  const operations = Object.values(paths).flatMap((path) =>
    Object.keys(path).filter((method) => ['get', 'post', 'put', 'delete', 'patch'].includes(method)),
  )
  expect(await page.locator('.opblock').count()).toBe(operations.length)
})

test('nothing comes from anywhere else, and the browser blocks nothing', () => {
  expect(asked.filter((url) => !url.startsWith(origin) && !url.startsWith('data:'))).toEqual([])
  expect(complaints).toEqual([])
})

test('a request can be tried from it', async () => {
  const block = page.locator('.opblock', { hasText: '/healthz' })
  await block.locator('.opblock-summary').click()
  await block.getByRole('button', { name: 'Try it out' }).click()
  await block.getByRole('button', { name: 'Execute' }).click()
  await block.locator('.live-responses-table .response-col_status', { hasText: '200' }).waitFor()
  expect(await block.locator('.live-responses-table').innerText()).toContain('"status": "ok"')
})
