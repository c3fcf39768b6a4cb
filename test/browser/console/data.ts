import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { BrowserConsole } from './support.ts'

/** What is there, what is missing, and what a person decides about it. */
export function testData(it: BrowserConsole): void {
  describe('data', () => {
    let symbol = ''
    let instrument = 0
    let day = ''

    beforeAll(async () => {
      const { sql } = it.lab.db
      const [bar] = await sql<{ id: number; symbol: string; day: string }[]>`
      select s.instrument_id as id, s.code as symbol, max(b.trade_date)::text as day
      from bars b join instrument_code s using (instrument_id) where b.period = 'daily' group by 1, 2 order by 2 limit 1`
      instrument = bar?.id ?? 0
      symbol = bar?.symbol ?? ''
      day = bar?.day ?? ''
    })
    afterAll(async () => {
      await it.lab.db.sql`truncate coverage_hole, sync_failure`
    })

    test('a gap is accepted, and asked for again', async () => {
      const { page, lab } = it
      await lab.db
        .sql`insert into coverage_hole (dataset, instrument_id, trade_date, source, reason) values ('bars', ${instrument}, ${day}, 'tushare', 'missing')`
      const accepted = async () =>
        (await lab.db.sql<{ is: boolean }[]>`select accepted_at is not null as is from coverage_hole`)[0]?.is
      await it.show('data/gaps')
      await it.button(`Accept: ${symbol} ${day}`).click()
      await page.getByText('There are no gaps').waitFor()
      expect(await accepted()).toBe(true)
      await page.getByLabel('Which').selectOption('all')
      await it.button(`Ask again: ${symbol} ${day}`).click()
      await it.button(`Accept: ${symbol} ${day}`).waitFor()
      expect(await accepted()).toBe(false)
    })

    test('a failure is settled, and another one is tried again', async () => {
      const { page, lab } = it
      const { id: run } = await lab.run('stock_list')
      // What has failed is not there.
      await lab.db.sql`
        update coverage set ranges = ranges - daterange(${day}::date, ${day}::date, '[]')::datemultirange
        where dataset = 'bars' and instrument_id = ${instrument}`
      const fail = async (source: string): Promise<number> => {
        const [row] = await lab.db.sql<{ id: string }[]>`
        insert into sync_failure (job, dataset, source, instrument_id, symbol, from_date, to_date, error_class, message, run_id, max_retries)
        values ('daily_history', 'bars', ${source}, ${instrument}, ${symbol}, ${day}, ${day}, 'Transient', 'no answer within 500 ms', ${run}, 3)
        returning id`
        return Number(row?.id)
      }
      const [settled, tried] = [await fail('baostock'), await fail('tushare')]
      await it.show('data/failures')
      await it.button(`Settle ${settled}`).click()
      await it.button(`Settle ${settled}`).waitFor({ state: 'detached' })
      await it.button(`Retry ${tried}`).click()
      await page.waitForURL(/#\/runs\/[0-9a-f-]{36}$/)
      await it.badge('success').first().waitFor()
      await it.show('data/failures?open=false')
      await expect.poll(() => it.row('no answer within 500 ms').count(), { timeout: 60_000 }).toBe(2)
      await it.show('data/failures')
      await page.getByText('Nothing has failed').waitFor()
    })

    test('a stock is found by pinyin, and its closes are drawn', async () => {
      const { page, lab } = it
      const { items } = (
        await lab.get<{ items: { symbol: string; cnspell: string }[] }>('/api/stocks?limit=1')
      ).body
      const [stock] = items
      await it.show('stocks')
      await page.getByLabel('Find a stock').fill(stock?.cnspell.toLowerCase() ?? '')
      await page.getByRole('link', { name: stock?.symbol ?? '' }).click()
      await page.locator('.chart path.close').waitFor()
      expect((await page.locator('.chart path.close').getAttribute('d'))?.length).toBeGreaterThan(1_000)
    })
  })
}
