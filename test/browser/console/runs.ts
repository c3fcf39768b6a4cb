import { describe, expect, test } from 'vitest'
import type { BrowserConsole } from './support.ts'

/** Runs: started, followed, steered, and what happens to the page meanwhile. */
export function testRuns(it: BrowserConsole): void {
  describe('runs', () => {
    test('a new user is told what to do, sees what a job costs, starts it and watches it end', async () => {
      const { page, lab } = it
      await page.getByText('Nothing has run yet').waitFor()
      await page.getByLabel('Job').selectOption('daily_history')
      await it.button('What would it cost?').click()
      await page.getByRole('region', { name: 'Plan', exact: true }).getByText('daily').first().waitFor()
      lab.upstream.setFaults([{ kind: 'hang', api: 'daily' }])
      await it.button('Start').click()
      await it.badge('running').waitFor()
      expect(await page.getByRole('progressbar').getAttribute('value')).not.toBe('100')
      lab.upstream.setFaults([])
      await page.getByText('Nothing is running').waitFor()
      await page.locator('.facts a', { hasText: 'Daily bars, whole history' }).click()
      await it.badge('success').first().waitFor()
      expect(await page.getByRole('progressbar').getAttribute('value')).toBe('100')
      await page
        .getByRole('region', { name: 'What came from where' })
        .getByText('Tushare Pro')
        .first()
        .waitFor()
    })

    test('a run is paused, resumed and cancelled from the page', async () => {
      const { page, lab } = it
      const id = await it.showHangingRun()
      await it.button('Pause').click()
      await it.badge('paused').waitFor()
      expect((await lab.until(id, ['paused'])).status).toBe('paused')
      await it.button('Resume').click()
      await it.badge('running').waitFor()
      await it.button('Cancel the run').click()
      await it.button('No, keep it').click()
      await it.button('Cancel the run').click()
      await it.button('Yes, cancel it').click()
      await page.getByText('Nothing is running').waitFor()
      expect((await lab.until(id)).status).toBe('cancelled')
    })

    test('a run that is in the way is kept, or cancelled for another one', async () => {
      const { page, lab } = it
      const id = await it.showHangingRun()
      await it.badge('running').waitFor()
      await page.getByText('Start a job').click()
      await page.getByLabel('Job').selectOption('stock_list')
      await it.button('Start').click()
      await page.getByText('Another run is under way').waitFor()
      await it.button('No, keep it').click()
      await expect.poll(() => page.getByText('Another run is under way').count()).toBe(0)
      await it.button('Start').click()
      await it.button('Cancel that run and start this').click()
      expect((await lab.until(id)).status).toBe('cancelled')
      const newest = async () =>
        (await lab.get<{ items: { job: string; status: string }[] }>('/api/runs')).body.items[0]
      await expect.poll(newest, { timeout: 60_000 }).toMatchObject({ job: 'stock_list', status: 'success' })
      await page.getByText('Nothing is running').waitFor()
    })

    test('a page that is loaded anew in mid-run goes on with it to its end', async () => {
      const { page, lab } = it
      await it.showHangingRun()
      const line = page.locator('.log li').first()
      await line.waitFor()
      await page.reload()
      await line.waitFor()
      await it.badge('running').waitFor()
      lab.upstream.setFaults([])
      await page.getByText('Nothing is running').waitFor()
      await it.badge('success').waitFor()
    })

    test('while nobody answers the page says so, and goes on where it was by itself', async () => {
      const { page, lab } = it
      const id = await it.showHangingRun()
      await it.badge('running').waitFor()
      const comeBack = await it.goAway()
      await page.getByText('The service does not answer').waitFor()
      await lab.db
        .sql`insert into sync_log (run_id, level, message) values (${id}, 'warn', 'said while nobody listened')`
      await comeBack()
      // Lines of the log come by the stream of events alone.
      await page.getByText('said while nobody listened').waitFor()
      expect(await page.getByText('The service does not answer').count()).toBe(0)
      await lab.db
        .sql`insert into sync_log (run_id, level, message) values (${id}, 'warn', 'said since it is back')`
      await page.getByText('said since it is back').waitFor()
      expect(await page.getByText('said while nobody listened').count()).toBe(1)
    })

    test('a refusal of the service stands beside the button that asked for it', async () => {
      await it.show('now')
      await it.page.getByLabel('Stocks').fill('900901')
      await it.button('Start').click()
      await it.page.getByRole('alert').getByText('is a B share').waitFor()
    })

    test('markup in what the service says is text', async () => {
      const { page, lab } = it
      const { id } = await lab.run('stock_list')
      const markup = '<img src=x onerror="document.title=1"><b>bold</b>'
      await lab.db.sql`update sync_run set message = ${markup} where id = ${id}`
      await it.show(`runs/${id}`)
      await page.getByText(markup).waitFor()
      expect(await page.locator('main img, main .note b').count()).toBe(0)
    })
  })
}
