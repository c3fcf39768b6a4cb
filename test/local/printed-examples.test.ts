import { execFile, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, inject, onTestFinished, test, vi } from 'vitest'
import { startTushareReplay } from '../../local/replay/tushare-server.ts'
import { shanghaiClock } from '../../market/date.ts'
import { isFinal, type RunState } from '../../workflows/contract/status.ts'
import { pathOf } from '../project/files.ts'
import { TEST_TOKEN } from '../support/lab.ts'
import { yearMarket } from '../support/market.ts'
import { startProgram } from '../support/programs.ts'
import { EXAMPLES, expectFields, SOURCES, STARTED, STATUS } from '../support/seed-examples.ts'
import { seededFolder } from './support.ts'

/* What `npm start` brings, asked by those who have nothing but the first document and curl. */

const hasCurl = spawnSync('bash', ['-c', 'curl --version']).status === 0

/** The product goes by the clock of this machine: so does the market, for as long as its calendar reaches. */
function today(): string {
  const { date } = shanghaiClock(new Date())
  return [date.replaceAll('-', ''), '20261231'].sort()[0] ?? ''
}

/** Starts the product on a data folder of its own; returns the port of its API when it is ready. */
async function start(): Promise<{ port: string; stop: () => Promise<number | null> }> {
  const market = yearMarket(12, { today: today() })
  const upstream = await startTushareReplay({ market, token: TEST_TOKEN })
  onTestFinished(() => upstream.close())
  const dataDir = await seededFolder()
  // Away from any `.env`.
  const home = mkdtempSync(join(tmpdir(), 'ashare-start-'))
  const env = {
    HOME: home,
    DATA_DIR: dataDir,
    PORT: '0',
    TEMPORAL_CLI: inject('temporalBinary'),
    TUSHARE_TOKEN: TEST_TOKEN,
    TUSHARE_URL: upstream.url,
    TUSHARE_CALLS_PER_MINUTE: '0',
    BAOSTOCK_PRIORITY: '',
  }
  const { output, ended, end } = startProgram([pathOf('cli/bin.js'), 'up', '--json'], env, { cwd: home })
  onTestFinished(async () => {
    await end('SIGTERM')
    rmSync(home, { recursive: true, force: true })
  })
  const port = await vi.waitFor(
    () => {
      const [, found] = /"event":"ready".*"api":"http:\/\/[^:"]+:(\d+)"/.exec(output()) ?? []
      if (found === undefined) throw new Error(`not ready: ${output()}`)
      return found
    },
    { timeout: 60_000, interval: 50 },
  )
  const stop = async () => {
    await end('SIGTERM')
    return (await ended)[0]
  }
  return { port, stop }
}

test.skipIf(!hasCurl)('the printed examples run in a shell, against a fresh start', async () => {
  const { scripts } = JSON.parse(readFileSync(pathOf('package.json'), 'utf8')) as {
    scripts: Record<string, string>
  }
  expect(scripts['start']).toMatch(/\bnode cli\/bin\.js up$/)
  const { port, stop } = await start()
  /** Runs a command as it is printed; only that the port of the documents leads to this service. */
  const run = async (command: string) => {
    const own = `curl() { command curl -sS -w '\\n%{http_code}' --noproxy '*' --connect-to localhost:8000:127.0.0.1:${port} "$@"; }`
    const { stdout } = await promisify(execFile)('bash', ['-c', `${own}\n${command}`])
    const [status, ...body] = stdout.split('\n').reverse()
    const answer = JSON.parse(body.reverse().join('\n')) as { data: Record<string, unknown> }
    return { status, answer }
  }
  const untilEnd = () =>
    vi.waitFor(
      async () => {
        const { answer } = await run(EXAMPLES.status)
        expect(answer.data['status']).toSatisfy((state: RunState) => isFinal(state))
        return answer
      },
      { timeout: 60_000, interval: 200 },
    )
  const parameters = { force: false, preferred_sources: ['tushare'] }
  const printed = {
    full: { ...STARTED, data: { ...STARTED.data, parameters } },
    incremental: { ...STARTED, data: { ...STARTED.data, parameters: { days_back: 7, periods: ['daily'] } } },
    symbols: STARTED,
  }

  const before = await run(EXAMPLES.status)
  expect(before).toMatchObject({ status: '200', answer: { data: { status: 'idle' } } })
  for (const [name, fields] of Object.entries(printed)) {
    const { status, answer } = await run(EXAMPLES[name as keyof typeof printed])
    expect([name, status]).toEqual([name, '200'])
    expectFields(answer, fields)
    const end = await untilEnd()
    expect(end.data['job_id']).toBe(answer.data['job_id'])
    if (name !== 'full') continue
    expectFields(end, STATUS)
    expect(end.data).toMatchObject({ status: 'success', errors: 0 })
  }
  const sources = await run(EXAMPLES.sources)
  expect(sources.status).toBe('200')
  expectFields(sources.answer, SOURCES)
  expect(await stop()).toBe(0)
})
