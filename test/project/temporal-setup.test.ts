import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Connection } from '@temporalio/client'
import { expect, inject, onTestFinished, test } from 'vitest'
import { startTemporal } from '../../local/temporal.ts'
import { SEARCH_ATTRIBUTES } from '../../workflows/contract/ids.ts'
import { pathOf } from './files.ts'

async function runSetup(address: string, namespace: string): Promise<{ code: unknown; output: string }> {
  const child = spawn('sh', [pathOf('docker/temporal/namespace.sh')], {
    env: {
      HOME: tmpdir(),
      PATH: `${dirname(inject('temporalBinary'))}:${process.env['PATH'] ?? ''}`,
      TEMPORAL_ADDRESS: address,
      TEMPORAL_NAMESPACE: namespace,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const keep = (chunk: Buffer) => void (output += chunk.toString())
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  const [code] = (await once(child, 'close')) as [unknown]
  return { code, output }
}

test('the setup of docker-compose.yml makes the namespace and its search attributes, and may be repeated', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'ashare-setup-'))
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }))
  const server = await startTemporal({
    dataDir,
    binary: inject('temporalBinary'),
    port: 0,
    searchAttributes: {},
  })
  onTestFinished(() => server.stop())

  const first = await runSetup(server.address, 'market')
  const second = await runSetup(server.address, 'market')

  expect(first.code, first.output).toBe(0)
  expect(second).toEqual({ code: 0, output: 'namespace market has SyncJob SyncRunId SyncSource SyncState\n' })
  const connection = await Connection.connect({ address: server.address })
  onTestFinished(() => connection.close())
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace: 'market' })
  expect(Object.keys(customAttributes)).toEqual(expect.arrayContaining(Object.keys(SEARCH_ATTRIBUTES)))
})
