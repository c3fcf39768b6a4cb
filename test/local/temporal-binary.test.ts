import { chmodSync, closeSync, mkdirSync, openSync, readSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { type BringBinary, cachedBinary, findTemporalBinary, problemOf } from '../../local/temporal-binary.ts'
import { temporaryFolder } from './support.ts'

const VERSION_LINE = 'temporal version 0.0.0-DEV (Server 1.29.1, UI 2.42.1)'

const writeProgram = (path: string, prints: string): string => {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, `#!/bin/sh\necho '${prints}'\n`)
  chmodSync(path, 0o755)
  return path
}

/** An environment with an empty cache and no `temporal` on PATH, and a way to build that counts its builds. */
const arrange = () => {
  const folder = temporaryFolder()
  const said: string[] = []
  let builds = 0
  const build: BringBinary = async ({ into }) => {
    builds++
    await sleep(100)
    return writeProgram(join(into, 'temporal'), VERSION_LINE)
  }
  const env = { PATH: join(folder, 'bin'), XDG_CACHE_HOME: join(folder, 'cache') }
  const options = { env, log: (line: string) => said.push(line), bring: { build } }
  return { folder, env, options, said, builds: () => builds, target: cachedBinary(env) }
}

test('the binary on PATH comes before the cache, and an old or strange one is passed over', async () => {
  const { env, options, target, said } = arrange()
  writeProgram(target, VERSION_LINE)
  const onPath = writeProgram(join(env.PATH, 'temporal'), 'temporal version 1.0.0 (Server 1.24.2, UI 2.27.2)')
  expect(await findTemporalBinary(options)).toBe(target)
  expect(said.join()).toContain('older than 1.26')
  writeProgram(onPath, VERSION_LINE)
  expect(await findTemporalBinary(options)).toBe(onPath)
})

test('a TEMPORAL_CLI that cannot be used is an error, not a reason to take another', async () => {
  const { folder, options } = arrange()
  await expect(findTemporalBinary({ ...options, cli: join(folder, 'none') })).rejects.toThrow(/TEMPORAL_CLI=/)
  const other = writeProgram(join(folder, 'other'), 'something else')
  await expect(findTemporalBinary({ ...options, cli: other })).rejects.toThrow(/something else/)
})

test('a cut-off binary in the cache is built anew', async () => {
  const { options, target, builds } = arrange()
  mkdirSync(dirname(target), { recursive: true })
  // The first half of a real program: it has a good header and would even start.
  const half = Buffer.alloc(40 * 1024 * 1024)
  const file = openSync(process.execPath, 'r')
  writeFileSync(target, half.subarray(0, readSync(file, half, 0, half.length, 0)), { mode: 0o755 })
  closeSync(file)
  expect(problemOf(target)).toBeDefined()
  expect(await findTemporalBinary(options)).toBe(target)
  expect(builds()).toBe(1)
  expect(problemOf(target)).toBeUndefined()
})

test('two that need it at once build it once, and the lock of a dead builder is no hindrance', async () => {
  const { options, target, builds } = arrange()
  mkdirSync(dirname(target), { recursive: true })
  writeFileSync(`${target}.lock`, JSON.stringify({ pid: 999_999_999, startedAt: 'long ago' }))
  expect(await Promise.all([findTemporalBinary(options), findTemporalBinary(options)])).toEqual([
    target,
    target,
  ])
  expect(builds()).toBe(1)
})

test('when no way works the error names the choices and each reason', async () => {
  const { options } = arrange()
  const bring = {
    download: () => Promise.reject(new Error('no such host')),
    build: () => Promise.reject(new Error('Go is not installed')),
  }
  await expect(findTemporalBinary({ ...options, bring })).rejects.toThrow(
    /no such host[^]*Go is not installed[^]*TEMPORAL_ADDRESS[^]*TEMPORAL_CLI/,
  )
})
