import { expect, test } from 'vitest'
import { startChild } from '../../local/child.ts'
import { temporaryFolder } from './support.ts'

test('of a program that says much before it ends, the first and the last words are kept', async () => {
  const child = await startChild({
    name: 'talker',
    dataDir: temporaryFolder(),
    command: process.execPath,
    args: ['-e', 'for (let i = 1; i <= 500; i++) console.error(`line ${i}`); process.exitCode = 2'],
    env: {},
    signal: 'SIGTERM',
    graceMs: 5_000,
  })
  expect(await child.exited).toBe('exit code 2')
  const lines = child.said().split('\n')
  expect(lines.slice(0, 2)).toEqual(['line 1', 'line 2'])
  expect(lines.at(-1)).toBe('line 500')
  expect(lines).toContain('(440 more lines)')
  expect(lines).toHaveLength(61)
})
