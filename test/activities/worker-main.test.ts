import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, type TestContext, test } from 'vitest'
import { BUNDLES } from '../support/bundles.ts'
import { programOf, startProgram } from '../support/programs.ts'

/* The worker as a process of its own, before it works. */

async function startWorker({ onTestFinished }: TestContext, env: Record<string, string>) {
  const dataDir = mkdtempSync(join(tmpdir(), 'ashare-worker-'))
  mkdirSync(BUNDLES, { recursive: true })
  symlinkSync(BUNDLES, join(dataDir, 'cache'))
  const worker = startProgram(await programOf('activities/worker/main.ts'), {
    DATA_DIR: dataDir,
    DATABASE_URL: 'postgres://ashare:hunter2@127.0.0.1:1/ashare',
    TEMPORAL_ADDRESS: '127.0.0.1:1',
    ...env,
  })
  onTestFinished(async () => {
    await worker.end()
    rmSync(dataDir, { recursive: true, force: true })
  })
  return worker
}

test.concurrent('told to end while it waits for Temporal, it ends at once', async (context) => {
  const { child, output, ended } = await startWorker(context, {})
  await expect.poll(output, { timeout: 60_000 }).toContain('waiting for it')
  child.kill('SIGTERM')
  expect(await ended).toEqual([0, null])
  expect(output()).not.toContain('hunter2')
})

test.concurrent('a secret that is set twice is refused with one line that says so', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'ashare-secret-'))
  context.onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'token')
  writeFileSync(file, 'hunter2-of-the-file')
  const { output, ended } = await startWorker(context, {
    TUSHARE_TOKEN: 'hunter2-too',
    TUSHARE_TOKEN_FILE: file,
  })
  expect(await ended).toEqual([1, null])
  expect(output()).toContain('TUSHARE_TOKEN_FILE: TUSHARE_TOKEN is set as well; remove one of the two')
  expect(output()).not.toContain('hunter2')
  expect(output()).not.toContain(' at ')
})
