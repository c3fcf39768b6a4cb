import { serve } from '@hono/node-server'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, Locator, Page } from 'playwright-core'
import { sealKey } from '../../../db/sealed.ts'
import { Secret } from '../../../market/secret.ts'
import { type ApiLab, openApiLab } from '../../api/support.ts'
import { openBrowser } from '../../support/browser.ts'
import { yearMarket } from '../../support/market.ts'

type App = Pick<ApiLab['app'], 'fetch'>

/** Serves an app on 127.0.0.1, on a free port unless one is named. */
export const listen = async ({ fetch }: App, port = 0): Promise<Server> =>
  await new Promise((resolve) => {
    const listening = serve({ fetch, hostname: '127.0.0.1', port }, () => resolve(listening as Server))
  })
export const originOf = (of: Server): string => `http://127.0.0.1:${(of.address() as AddressInfo).port}`
export async function stop(of: Server): Promise<void> {
  const closed = new Promise((resolve) => of.close(resolve))
  of.closeAllConnections()
  await closed
}

/** The console in a browser, on the whole service with a worker. One for all tests of the file, opened before the first. */
export class BrowserConsole {
  lab!: ApiLab
  page!: Page
  origin!: string
  /** What the pages have asked for. */
  readonly asked: string[] = []
  /** What the browser and the pages have complained about. */
  readonly complaints: string[] = []
  #server!: Server
  #browser!: Browser

  async open(): Promise<void> {
    ;[this.lab, this.#browser] = await Promise.all([
      openApiLab({
        worker: true,
        market: yearMarket(8),
        sealKey: sealKey(new Secret('a secret of this test, long enough')),
        // Whoever waits for a call that hangs waits no longer than this. Four such calls put the source to rest for a minute:
        // a busy machine cancels a run that hangs long before.
        tushare: { timeoutMs: 2_000 },
      }),
      openBrowser(),
    ])
    this.#server = await listen(this.lab.app)
    this.origin = originOf(this.#server)
    this.page = await this.openPage()
    await this.page.goto(this.origin)
  }

  async close(): Promise<void> {
    await this.#browser.close()
    await stop(this.#server)
    await this.lab.close()
  }

  async openPage(): Promise<Page> {
    // Colours that still change cannot be judged.
    const opened = await this.#browser.newPage({ locale: 'en-US', reducedMotion: 'reduce' })
    // What is awaited comes in milliseconds; a busy machine may take long for it.
    opened.setDefaultTimeout(60_000)
    opened.on('request', (request) => this.asked.push(request.url()))
    opened.on('console', (message) => {
      // A refusal or a service that is away is an error to the browser, not to the page.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
        this.complaints.push(message.text())
    })
    opened.on('pageerror', (error) => this.complaints.push(error.message))
    return opened
  }

  async show(screen: string): Promise<void> {
    await this.page.goto(`${this.origin}/#/${screen}`)
  }

  /** Nobody answers until what it returns was called. */
  async goAway(): Promise<() => Promise<void>> {
    await stop(this.#server)
    return async () => {
      this.#server = await listen(this.lab.app, Number(new URL(this.origin).port))
    }
  }

  badge(text: string): Locator {
    return this.page.locator('.badge', { hasText: new RegExp(`^${text}$`) })
  }

  button(name: string): Locator {
    return this.page.getByRole('button', { name, exact: true })
  }

  /** The row of a table that holds that text. */
  row(text: string): Locator {
    return this.page.getByRole('row').filter({ hasText: text })
  }

  /** The first screen with a run of bars, whose calls hang until the faults are taken back. */
  async showHangingRun(): Promise<string> {
    await this.show('now')
    this.lab.upstream.setFaults([{ kind: 'hang', api: 'daily' }])
    return await this.lab.start('daily_history', { refresh: true })
  }
}
