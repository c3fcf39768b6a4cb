import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { openTemporal } from '../../api/temporal/connect.ts'
import { loadConfig, temporalAccess } from '../../config.ts'
import { openLab, TEST_TOKEN } from '../support/lab.ts'
import { yearMarket } from '../support/market.ts'
import { programOf, startProgram } from '../support/programs.ts'
import { type Asked, hasOpenssl, openTlsFront, type TlsFront } from '../support/tls-front.ts'

/*
 * Temporal Cloud as the API and the worker see it: a server that speaks TLS only, wants to know who calls, and takes a key or
 * a certificate. The API has a client of its own, the worker the one of Temporal's native core.
 */

let front: TlsFront

beforeAll(async () => {
  if (hasOpenssl) front = await openTlsFront()
})
beforeEach(() => {
  if (hasOpenssl) front.asked.length = 0
})
afterAll(() => {
  if (hasOpenssl) front.close()
})

/** Asks for the namespace with what these variables say. */
async function ask(variables: Record<string, string>): Promise<Asked | undefined> {
  const link = openTemporal({ address: front.address, ...temporalAccess(loadConfig(variables)) })
  onTestFinished(() => link.close())
  await link.gateway.checkNamespace()
  return front.asked[0]
}
const trusted = () => ({
  TEMPORAL_NAMESPACE: 'mine.a1b2c',
  TEMPORAL_TLS_SERVER_CA_CERT_PATH: front.file('server.crt'),
  TEMPORAL_TLS_SERVER_NAME: front.name,
})
const certificate = () => ({
  TEMPORAL_TLS_CLIENT_CERT_PATH: front.file('client.crt'),
  TEMPORAL_TLS_CLIENT_KEY_PATH: front.file('client.key'),
})

test.skipIf(!hasOpenssl)(
  'a key of Temporal Cloud is sent over TLS, with the namespace that it is for',
  async () => {
    const { headers, certified } = (await ask({ ...trusted(), TEMPORAL_API_KEY: 'key-of-the-cloud' })) ?? {}
    expect(headers?.[':path']).toBe('/temporal.api.workflowservice.v1.WorkflowService/DescribeNamespace')
    expect(headers).toMatchObject({
      authorization: 'Bearer key-of-the-cloud',
      'temporal-namespace': 'mine.a1b2c',
    })
    expect(certified).toBe(false)
  },
)

test.skipIf(!hasOpenssl)('a certificate of the client is shown, and no key', async () => {
  const seen = await ask({ ...trusted(), ...certificate() })
  expect(seen).toMatchObject({ certified: true })
  expect(seen?.headers.authorization).toBeUndefined()
})

test.skipIf(!hasOpenssl)('a server that nobody vouches for gets no key', async () => {
  const unknown = { TEMPORAL_API_KEY: 'key-of-the-cloud', TEMPORAL_TLS_SERVER_NAME: front.name }
  await expect(ask(unknown)).rejects.toThrow()
  expect(front.asked).toEqual([])
})

/** A worker as a process of its own, on a front of TLS. */
async function startWorker(variables: Record<string, string>) {
  const folder = mkdtempSync(join(tmpdir(), 'ashare-tls-worker-'))
  const bundles = join(tmpdir(), 'ashare-test-bundles')
  mkdirSync(bundles, { recursive: true })
  symlinkSync(bundles, join(folder, 'cache'))
  const worker = startProgram(await programOf('activities/worker/main.ts'), {
    DATA_DIR: folder,
    TEMPORAL_ADDRESS: front.address,
    BAOSTOCK_PRIORITY: '',
    ...variables,
  })
  onTestFinished(async () => {
    await worker.end()
    rmSync(folder, { recursive: true, force: true })
  })
  return worker
}

test.skipIf(!hasOpenssl)(
  'a worker polls over TLS with its key and certificate, and runs come in',
  async () => {
    const lab = await openLab({ market: yearMarket(12), worker: false })
    onTestFinished(() => lab.close())
    front.handOnTo(lab.temporal.address)
    const { child, output, ended } = await startWorker({
      ...trusted(),
      ...certificate(),
      DATABASE_URL: lab.db.url,
      TEMPORAL_NAMESPACE: lab.temporal.namespace,
      TEMPORAL_API_KEY: 'key-of-the-cloud',
      TUSHARE_TOKEN: TEST_TOKEN,
      TUSHARE_URL: lab.upstream.url,
    })
    const run = await lab.start('stock_list')
    expect((await lab.until(run)).status).toBe('success')
    const polls = front.asked.filter(({ headers }) => headers[':path']?.includes('/Poll'))
    expect(polls.map(({ headers }) => headers[':path']?.split('/').at(-1))).toEqual(
      expect.arrayContaining(['PollWorkflowTaskQueue', 'PollActivityTaskQueue']),
    )
    for (const { headers, certified } of polls) {
      expect(headers.authorization).toBe('Bearer key-of-the-cloud')
      expect(headers['temporal-namespace']).toBe(lab.temporal.namespace)
      expect(certified).toBe(true)
    }
    child.kill('SIGTERM')
    expect(await ended).toEqual([0, null])
    expect(output()).not.toContain('key-of-the-cloud')
  },
)

test.skipIf(!hasOpenssl)('a worker says why a server that nobody vouches for is not taken', async () => {
  const { output } = await startWorker({
    DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
    TEMPORAL_API_KEY: 'key-of-the-cloud',
    TEMPORAL_TLS_SERVER_NAME: front.name,
  })
  await expect.poll(output, { timeout: 60_000 }).toContain('Temporal does not answer')
  expect(output()).toMatch(/certificate/i)
  expect(front.asked).toEqual([])
  expect(output()).not.toContain('key-of-the-cloud')
})
