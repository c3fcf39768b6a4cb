import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { BringRequest } from './temporal-binary.ts'

const PROGRESS_MS = 5_000

/** Builds the Temporal CLI with Go, from Go's module proxy. */
export const buildTemporal = async (request: BringRequest): Promise<string> => {
  const { version, into, log, guard, signal } = request
  if (spawnSync('go', ['version'], { stdio: 'ignore' }).status !== 0) throw new Error('Go is not installed')
  log(`building the Temporal server ${version} with Go: 3 to 4 minutes, once`)
  const args = ['install', '-v', '-ldflags=-s -w', `github.com/temporalio/cli/cmd/temporal@v${version}`]
  // Flags that the user set for projects of their own (-mod=vendor, a cross-compile target) would break or misdirect this.
  const env = { ...process.env, GOBIN: into, GOFLAGS: '', GOOS: '', GOARCH: '', CGO_ENABLED: '0' }
  const child = spawn('go', args, {
    env,
    cwd: into,
    stdio: ['ignore', 'ignore', 'pipe'],
    ...(signal && { signal }),
  })
  const ended = once(child, 'close') as Promise<[number | null]>
  if (child.pid !== undefined) guard?.add(child.pid, 'SIGTERM', 2_000)
  const lines: string[] = []
  createInterface({ input: child.stderr }).on('line', (line) => lines.push(line))
  const started = performance.now()
  const progress = setInterval(() => {
    const seconds = Math.round((performance.now() - started) / 1000)
    log(`building the Temporal server: ${lines.length} packages done, ${seconds} s`)
  }, PROGRESS_MS)
  try {
    const [code] = await ended
    if (code !== 0) throw new Error(`go install ended with ${String(code)}: ${lines.slice(-5).join(' | ')}`)
    return join(into, 'temporal')
  } finally {
    clearInterval(progress)
    if (child.pid !== undefined) guard?.remove(child.pid)
  }
}
