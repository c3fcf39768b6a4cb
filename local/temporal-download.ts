import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { BringRequest } from './temporal-binary.ts'

// A firewall that drops packets answers nothing for ever; a slow line still moves within a minute.
const STALL_LIMIT_MS = 60_000
const PROGRESS_MS = 5_000
const MEBIBYTE = 1024 * 1024

// The SDK downloads only as a part of starting a server, and cannot be interrupted: hence a process of its own.
const script = (version: string, downloadDir: string): string => `
  const { TestWorkflowEnvironment } = await import('@temporalio/testing')
  const executable = { type: 'cached-download', version: 'v${version}', downloadDir: ${JSON.stringify(downloadDir)} }
  const environment = await TestWorkflowEnvironment.createLocal({ server: { executable } })
  await environment.teardown()
  process.exit(0)`

const filesIn = (folder: string): { path: string; size: number }[] =>
  readdirSync(folder).map((name) => {
    const path = join(folder, name)
    return { path, size: statSync(path, { throwIfNoEntry: false })?.size ?? 0 }
  })

const sizeOf = (folder: string): number => filesIn(folder).reduce((sum, file) => sum + file.size, 0)

/** The download of the SDK; given up when nothing arrives for a minute. */
export const downloadTemporal = async (request: BringRequest, stallMs = STALL_LIMIT_MS): Promise<string> => {
  const { version, into, log, guard, signal } = request
  log(`downloading the Temporal server ${version}`)
  const args = ['--input-type=module', '-e', script(version, into)]
  // The working folder is ours, so that the import finds our node_modules.
  const options = {
    cwd: import.meta.dirname,
    stdio: ['ignore', 'ignore', 'pipe'] as ['ignore', 'ignore', 'pipe'],
  }
  const child = spawn(process.execPath, args, { ...options, ...(signal && { signal }) })
  if (child.pid !== undefined) guard?.add(child.pid, 'SIGTERM', 2_000)
  const ended = once(child, 'close') as Promise<[number | null]>
  let complaint = ''
  child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()))
  const watch = watchProgress(into, log, stallMs, () => child.kill('SIGKILL'))
  try {
    const [code] = await ended
    if (watch.stalled()) throw new Error(`nothing arrived for ${stallMs / 1000} s`)
    const [largest] = filesIn(into).sort((a, b) => b.size - a.size)
    if (code !== 0 || !largest) throw new Error(reasonIn(complaint) ?? `the SDK ended with ${String(code)}`)
    return largest.path
  } finally {
    watch.end()
    if (child.pid !== undefined) guard?.remove(child.pid)
  }
}

const reasonIn = (complaint: string): string | undefined =>
  complaint
    .split('\n')
    .find((line) => /Error:/.test(line))
    ?.trim()
    .slice(0, 300)

const watchProgress = (folder: string, log: (line: string) => void, stallMs: number, giveUp: () => void) => {
  const started = performance.now()
  let [size, movedAt, stalled] = [0, started, false]
  const timer = setInterval(
    () => {
      const now = sizeOf(folder)
      if (now !== size) [size, movedAt] = [now, performance.now()]
      const [seconds, silent] = [
        Math.round((performance.now() - started) / 1000),
        performance.now() - movedAt,
      ]
      log(`downloading the Temporal server: ${(size / MEBIBYTE).toFixed(0)} MB, ${seconds} s`)
      if (silent < stallMs) return
      stalled = true
      giveUp()
    },
    Math.min(PROGRESS_MS, stallMs),
  )
  return { stalled: () => stalled, end: () => clearInterval(timer) }
}
