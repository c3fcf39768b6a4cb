import { describe, expect, test } from 'vitest'
import type { BrowserConsole } from './support.ts'

interface Schedule {
  id: string
  trigger: string
  timezone: string
  paused: boolean
  next_run_times: string[]
}

/** Schedules: made, changed, stopped for a while, run and removed. */
export function testSchedules(it: BrowserConsole): void {
  describe('schedules', () => {
    const known = async (id: string): Promise<Schedule | undefined> =>
      (await it.lab.get<{ jobs: Schedule[] }>('/scheduler/status')).body.jobs.find((one) => one.id === id)

    test('a schedule is made, and its next times are shown', async () => {
      const { page } = it
      await it.show('schedules')
      await page.getByText('Nothing starts by itself').waitFor()
      await page.getByLabel('Job').selectOption('stock_list')
      await page.getByLabel('Time', { exact: true }).fill('01:30')
      await it.button('Save').click()
      const row = it.row('every day at 01:30')
      await row.getByText('Then').click()
      const later = row.locator('details.later time')
      await expect.poll(() => later.count()).toBeGreaterThan(1)
      const shown = await Promise.all((await later.all()).map((time) => time.getAttribute('datetime')))
      expect(shown).toEqual((await known('stock_list'))?.next_run_times.slice(1))
    })

    test('its times are changed from what they are; what Temporal refuses is told', async () => {
      const { page } = it
      await it.button('Change: stock_list').click()
      await page.getByRole('heading', { name: 'Change: Stock list (stock_list)' }).waitFor()
      expect(await page.getByLabel('Time', { exact: true }).inputValue()).toBe('01:30')
      await page.getByLabel('When').selectOption('interval')
      await page.getByLabel('Minutes').fill('90')
      await it.button('Save').click()
      await it.row('every 1h 30m').waitFor()
      expect(await known('stock_list')).toMatchObject({ trigger: 'every 90 minutes' })
      await it.button('Change: stock_list').click()
      await page.getByLabel('When').selectOption('cron')
      await page.getByLabel('Cron expression').fill('99 3 * * sat')
      await it.button('Save').click()
      await page.getByRole('alert').getByText('Temporal refused it').waitFor()
      await page.getByLabel('Cron expression').fill('15 3 * * sat')
      await it.button('Save').click()
      await it.row('15 3 * * sat').waitFor()
      expect(await known('stock_list')).toMatchObject({
        trigger: 'cron 15 3 * * sat',
        timezone: 'Asia/Shanghai',
      })
    })

    test('a second schedule of a job takes a name, and never the place of the first', async () => {
      const { page } = it
      await page.getByLabel('Job').selectOption('stock_list')
      await page.getByText('another one needs a name').waitFor()
      const save = async (time: string): Promise<void> => {
        await page.getByLabel('Name').fill('noon')
        await page.getByLabel('Time', { exact: true }).fill(time)
        await it.button('Save').click()
      }
      await save('12:00')
      await it.row('every day at 12:00').waitFor()
      await save('13:00')
      await page.getByRole('alert').getByText('stock_list.noon is there already').waitFor()
      expect(await known('stock_list.noon')).toMatchObject({ trigger: 'at 12:00 every day' })
      expect(await known('stock_list')).toMatchObject({ trigger: 'cron 15 3 * * sat' })
    })

    test('a schedule is paused, resumed, run now and removed', async () => {
      const { page } = it
      await it.show('schedules')
      await it.button('Pause: stock_list').click()
      await it.button('Resume: stock_list').waitFor()
      await it.row('15 3 * * sat').getByText('paused').waitFor()
      expect((await known('stock_list'))?.paused).toBe(true)
      await it.button('Resume: stock_list').click()
      await it.button('Pause: stock_list').waitFor()
      expect((await known('stock_list'))?.paused).toBe(false)
      await it.button('Run now: stock_list').click()
      await page.waitForURL(/#\/runs\/[0-9a-f-]{36}$/)
      await it.badge('success').first().waitFor()
      await it.show('schedules')
      for (const id of ['stock_list.noon', 'stock_list']) {
        await it.button(`Remove: ${id}`).click()
        await it.button(`Yes, remove: ${id}`).click()
        await it.button(`Remove: ${id}`).waitFor({ state: 'detached' })
        await it.button(`Yes, remove: ${id}`).waitFor({ state: 'detached' })
      }
      await page.getByText('Nothing starts by itself').waitFor()
      expect(await known('stock_list')).toBeUndefined()
    })
  })
}
