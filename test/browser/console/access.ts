import type { Server } from 'node:http'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createApp } from '../../../api/app.ts'
import { CONFIGURED, KEYS } from '../../api/access/support.ts'
import { type BrowserConsole, listen, originOf, stop } from './support.ts'

/** A service that asks for keys, and what each role finds. */
export function testAccess(it: BrowserConsole): void {
  describe('access', () => {
    let guarded: Server
    let page: Page

    beforeAll(async () => {
      const { api } = it.lab
      guarded = await listen(createApp({ ...api, access: { ...api.access, keys: CONFIGURED } }))
      page = await it.openPage()
      await page.goto(originOf(guarded))
    })
    afterAll(async () => {
      await page.goto('about:blank')
      await stop(guarded)
    })

    const show = async (screen: string): Promise<void> => {
      await page.goto(`${originOf(guarded)}/#/${screen}`)
    }
    const enter = async (role: keyof typeof KEYS): Promise<void> => {
      await page.getByLabel('Key').fill(KEYS[role])
      await page.getByRole('button', { name: 'Sign in' }).click()
      await page.getByText(`the-${role} · ${role}`).waitFor()
    }
    const leave = () => page.getByRole('button', { name: 'Sign out' }).click()

    test('a key that nobody has is refused in words for people', async () => {
      await page.getByLabel('Key').fill('nobody-has-this-key-at-all')
      await page.getByRole('button', { name: 'Sign in' }).click()
      await page.getByRole('alert').getByText('There is no such key').waitFor()
    })

    test('a viewer sees everything, may start nothing, and is told why', async () => {
      await enter('viewer')
      await page.getByText('Nothing is running').waitFor()
      await page.getByText('needs a key of the role “operator”').waitFor()
      expect(await page.getByText('Start a job').count()).toBe(0)
      await show('schedules')
      await page.getByText('needs a key of the role “operator”').waitFor()
      expect(await page.getByRole('button', { name: 'Save' }).count()).toBe(0)
      await leave()
    })

    test('an operator starts, and finds no settings', async () => {
      await show('now')
      await enter('operator')
      await page.getByText('Start a job').waitFor()
      await show('sources')
      await page.getByRole('button', { name: 'Test' }).first().waitFor()
      expect(await page.getByText('Settings', { exact: true }).count()).toBe(0)
      await page.getByText('needs a key of the role “admin”').waitFor()
      await leave()
    })
  })
}
