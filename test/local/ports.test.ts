import { once } from 'node:events'
import { createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { freePort, isPortFree } from '../../local/ports.ts'

test('a free port is none of those that outgoing connections take', async () => {
  const ports = await Promise.all(Array.from({ length: 20 }, () => freePort()))
  for (const port of ports) {
    expect(port).toBeGreaterThanOrEqual(20_000)
    expect(port).toBeLessThan(32_000)
  }
})

test('a port on which somebody listens is not free, and is again afterwards', async () => {
  const port = await freePort()
  const server = createServer().listen(port, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  expect(await isPortFree(port)).toBe(false)
  server.close()
  await once(server, 'close')
  expect(await isPortFree(port)).toBe(true)
})

test('an address that is not of this machine is named', async () => {
  // Of the range for documentation: no machine has it.
  await expect(isPortFree(0, '192.0.2.1')).rejects.toThrow('HOST=192.0.2.1 is no address of this machine')
})
