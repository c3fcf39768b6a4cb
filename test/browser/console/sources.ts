import type { Page } from 'playwright-core'
import { afterAll, describe, expect, test } from 'vitest'
import { createApp } from '../../../api/app.ts'
import { TEST_TOKEN } from '../../support/lab.ts'
import { type BrowserConsole, listen, originOf, stop } from './support.ts'

/** Sources: asked whether they answer, set, and given a token. */
export function testSources(it: BrowserConsole): void {
  describe('sources', () => {
    const cardOf = (page: Page) => page.locator('.source', { hasText: 'Tushare Pro' })
    const openSettings = async (page: Page): Promise<void> => {
      await cardOf(page).getByText('Settings').click()
      await cardOf(page).getByLabel('New token').waitFor()
    }

    afterAll(async () => {
      await it.lab.db.sql`truncate source_setting, source_health`
    })

    test('a source is tested: it answers, or it is said why not', async () => {
      const { page, lab } = it
      await it.show('sources')
      const test = cardOf(page).getByRole('button', { name: 'Test' })
      await test.click()
      await cardOf(page).locator('li .badge.good', { hasText: 'Server' }).waitFor()
      lab.upstream.setFaults([{ kind: 'http_status', status: 503 }])
      await test.click()
      await cardOf(page).locator('li', { hasText: '503' }).locator('.badge.bad').waitFor()
      lab.upstream.setFaults([])
      await test.click()
      await cardOf(page).locator('li .badge.good', { hasText: 'Server' }).waitFor()
    })

    test('a source keeps its place, and its token goes in and never comes out', async () => {
      const { page, lab } = it
      await it.show('sources')
      await cardOf(page).getByText('from the environment').waitFor()
      await openSettings(page)
      await cardOf(page).getByLabel('Keeps its place').check()
      await cardOf(page).getByLabel('Priority').fill('7')
      await cardOf(page).getByLabel('New token').fill(TEST_TOKEN)
      await cardOf(page).getByRole('button', { name: 'Save' }).click()
      await cardOf(page).getByRole('status').getByText('Saved').waitFor()
      await cardOf(page).getByText('from this page').waitFor()
      await cardOf(page).getByText('priority 7, pinned').waitFor()
      const holdsToken = async (): Promise<boolean> => {
        const fields = await page.locator('input').all()
        const values = await Promise.all(fields.map((field) => field.inputValue()))
        return [await page.content(), ...values].some((text) => text.includes(TEST_TOKEN))
      }
      expect(await holdsToken()).toBe(false)
      await page.reload()
      await openSettings(page)
      expect(await cardOf(page).getByLabel('Keeps its place').isChecked()).toBe(true)
      expect(await cardOf(page).getByLabel('Priority').inputValue()).toBe('7')
      expect(await holdsToken()).toBe(false)
      expect((await lab.get('/api/sources')).text).not.toContain(TEST_TOKEN)
      await cardOf(page).getByRole('button', { name: 'Remove the stored token' }).click()
      await cardOf(page).getByText('from the environment').waitFor()
    })

    test('without APP_SECRET no token is stored, and it is said what to do', async () => {
      const open = await listen(createApp({ ...it.lab.api, sealKey: null }))
      const other = await it.openPage()
      try {
        await other.goto(`${originOf(open)}/#/sources`)
        await openSettings(other)
        await cardOf(other).getByLabel('New token').fill(TEST_TOKEN)
        await cardOf(other).getByRole('button', { name: 'Save' }).click()
        await cardOf(other).getByRole('alert').getByText('APP_SECRET').waitFor()
      } finally {
        // A browser of one process does not outlive a page that is closed.
        await other.goto('about:blank')
        await stop(open)
      }
    })
  })
}
