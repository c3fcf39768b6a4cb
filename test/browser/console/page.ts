import axe from 'axe-core'
import { describe, expect, test } from 'vitest'
import type { BrowserConsole } from './support.ts'

const DATA = ['data', 'data/days', 'data/gaps', 'data/failures']
const SCREENS = ['now', 'runs', ...DATA, 'stocks', 'stocks/600000', 'schedules', 'sources']

/** The page itself: language, keyboard, size, and what it keeps while it is drawn anew. */
export function testPage(it: BrowserConsole): void {
  describe('the page', () => {
    const open = async (screen: string): Promise<void> => {
      await it.show(screen)
      await it.page.locator('main h1').waitFor()
      await expect.poll(() => it.page.locator('.loading').count(), { timeout: 60_000 }).toBe(0)
    }

    test('the language can be changed, and is kept', async () => {
      const { page } = it
      await it.show('data')
      await page.getByLabel('Language').selectOption('zh')
      await page.getByRole('heading', { name: '新鲜度' }).waitFor()
      await page.reload()
      await page.getByRole('heading', { name: '新鲜度' }).waitFor()
      expect(await page.locator('html').getAttribute('lang')).toBe('zh')
      await page.getByLabel('语言').selectOption('en')
      await page.getByRole('heading', { name: 'Freshness' }).waitFor()
    })

    test('what is being typed, and where, outlives what comes in', async () => {
      const { page, asked } = it
      await it.show('now')
      const field = page.getByLabel('Stocks')
      await field.fill('6000')
      const before = asked.length
      // The page asks for the state of things again and again, and draws what it hears.
      const looks = () => asked.slice(before).filter((url) => url.endsWith('/api/sync/status')).length
      await expect.poll(looks, { timeout: 60_000 }).toBeGreaterThan(1)
      expect(await field.inputValue()).toBe('6000')
      expect(await page.locator('input:focus').inputValue()).toBe('6000')
    })

    test('the keyboard reaches everything, sees where it is, and goes on inside a screen that it opens', async () => {
      const { page } = it
      const focused = page.locator(':focus')
      await it.show('runs')
      await page.reload()
      const link = page.locator('tbody a').first()
      await link.waitFor()
      await page.keyboard.press('Tab')
      expect(await focused.innerText()).toBe('Skip to the content')
      expect(await page.evaluate<string>('getComputedStyle(document.activeElement).outlineStyle')).toBe(
        'solid',
      )
      await page.keyboard.press('Enter')
      expect(await focused.getAttribute('id')).toBe('main')
      await page.keyboard.press('Tab')
      expect(await focused.getAttribute('name')).toBe('status')
      await link.focus()
      await page.keyboard.press('Enter')
      await page.getByRole('heading', { name: 'What came from where' }).waitFor()
      await expect.poll(() => focused.getAttribute('id')).toBe('main')
    })

    test('no screen is wider than a telephone', async () => {
      const { page } = it
      await page.setViewportSize({ width: 360, height: 740 })
      for (const screen of SCREENS) {
        await open(screen)
        const width = await page.evaluate<number>('document.documentElement.scrollWidth')
        expect(width, screen).toBeLessThanOrEqual(360)
      }
      await page.setViewportSize({ width: 1_280, height: 800 })
    })

    test('on no screen is there anything that a reader or weak eyes stumble over, in light and in dark', async () => {
      const { page } = it
      await page.evaluate(axe.source)
      const found = (rules = ''): Promise<string[]> =>
        page.evaluate<string[]>(`axe.run({ ${rules} }).then(({ violations }) =>
          violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html).join(' ')))`)
      for (const screen of SCREENS) {
        await open(screen)
        expect(await found(), screen).toEqual([])
        await page.emulateMedia({ colorScheme: 'dark' })
        expect(await found("runOnly: ['color-contrast']"), `${screen} in the dark`).toEqual([])
        await page.emulateMedia({ colorScheme: 'light' })
      }
    })
  })
}
