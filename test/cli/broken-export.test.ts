import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ownFolder, runHere } from './support.ts'

const folder = ownFolder()

test('an answer that is broken off leaves no file', async () => {
  const cut = createServer((_, answer) => {
    answer.writeHead(200, { 'content-type': 'text/csv' }).write('symbol,trade_date\n'.repeat(500))
    setTimeout(() => answer.destroy(), 50)
  })
  cut.listen(0, '127.0.0.1')
  await once(cut, 'listening')
  const url = `http://127.0.0.1:${(cut.address() as AddressInfo).port}`
  const file = join(folder, 'cut.csv')
  const ended = await runHere(['export', 'bars', '--symbols', '600000', '-o', file, '--url', url], {
    DATA_DIR: join(folder, 'data'),
  })
  cut.close()
  expect(ended).toMatchObject({ code: 3, out: '' })
  expect(readdirSync(folder).filter((name) => name.startsWith('cut.csv'))).toEqual([])
})
