import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { RECORDED_DATA } from '../../support/recorded.ts'

const ROOT = join(RECORDED_DATA, 'raw/baostock')

export interface Exchange {
  name: string
  request: Buffer
  response: Buffer
  meta: Readonly<Record<string, string>>
}

function read(directory: string): Exchange {
  const file = (name: string) => readFileSync(join(ROOT, directory, name))
  const lines = existsSync(join(ROOT, directory, 'meta.txt')) ? file('meta.txt').toString().split('\n') : []
  const meta = new Map(
    lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  )
  return {
    name: directory,
    request: file('request.bin'),
    response: file('response.bin'),
    meta: Object.fromEntries(meta),
  }
}

/** Real messages of the real server; empty where they are absent. */
export const EXCHANGES: readonly Exchange[] = existsSync(ROOT)
  ? readdirSync(ROOT, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('request.bin'))
      .sort()
      .map((path) => read(dirname(path)))
  : []
