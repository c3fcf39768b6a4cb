import { randomUUID } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { Client, Connection } from '@temporalio/client'
import { TypedSearchAttributes, defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common'
import { describe, expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../local/ports.ts'
import { commandLine } from '../../local/process-info.ts'
import { findTemporalBinary } from '../../local/temporal-binary.ts'
import { type LocalTemporal, startTemporal } from '../../local/temporal.ts'
import { temporaryFolder } from './support.ts'

const JOB = defineSearchAttributeKey('TestJob', SearchAttributeType.KEYWORD)

const started = async (dataDir: string): Promise<LocalTemporal> => {
  const server = await startTemporal({
    dataDir,
    binary: await findTemporalBinary({ log: () => undefined }),
    port: await freePort(),
    uiPort: await freePort(),
    searchAttributes: { TestJob: 'Keyword' },
  })
  onTestFinished(() => server.stop())
  return server
}

const withClient = async <T>(address: string, use: (client: Client) => Promise<T>): Promise<T> => {
  const connection = await Connection.connect({ address })
  try {
    return await use(new Client({ connection }))
  } finally {
    await connection.close()
  }
}

/** What a page of any site could have a browser on this machine send. */
const terminateByHttp = async ({ pid }: LocalTemporal, workflowId: string): Promise<Response> => {
  const port = /--http-port=(\d+)/.exec(commandLine(pid) ?? '')?.[1] ?? ''
  return await fetch(`http://127.0.0.1:${port}/api/v1/namespaces/default/workflows/${workflowId}/terminate`, {
    method: 'POST',
    headers: { 'content-type': 'text/plain' },
    body: '{}',
  })
}

describe('embedded Temporal', () => {
  test('keeps workflows over a kill, knows the search attributes and serves its Web UI', async () => {
    const dataDir = temporaryFolder()
    const first = await started(dataDir)
    const workflowId = randomUUID()
    await withClient(first.address, (client) =>
      client.workflow.start('nobodyRunsThis', {
        workflowId,
        taskQueue: 'none',
        typedSearchAttributes: new TypedSearchAttributes([{ key: JOB, value: 'weekly' }]),
      }),
    )
    process.kill(first.pid, 'SIGKILL')
    await first.exited
    const second = await started(dataDir)
    expect((await fetch(second.uiAddress)).status).toBe(200)
    expect((await terminateByHttp(second, workflowId)).status).toBe(403)
    const found = await withClient(second.address, (client) =>
      client.workflow.getHandle(workflowId).describe(),
    )
    expect(found.status.name).toBe('RUNNING')
    expect(found.typedSearchAttributes.get(JOB)).toBe('weekly')
  })

  test('starts anew when its database was deleted without the files beside it', async () => {
    const dataDir = temporaryFolder()
    const first = await started(dataDir)
    process.kill(first.pid, 'SIGKILL')
    await first.exited
    rmSync(join(dataDir, 'temporal.db'))
    const second = await started(dataDir)
    expect((await fetch(second.uiAddress)).status).toBe(200)
  })
})
