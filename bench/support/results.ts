import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, totalmem } from 'node:os'
import { findTemporalBinary } from '../../local/temporal-binary.ts'
import type { Database } from '../../db/client.ts'

const FILE = new URL('../RESULTS.md', import.meta.url).pathname

/** When, where and with what the whole system was measured: the first line of a section. */
export async function circumstances(db: Database): Promise<string> {
  const [row] = await db.sql<{ version: string }[]>`select current_setting('server_version') as version`
  return machine(`PostgreSQL ${row?.version ?? '?'} (embedded)`, await temporalVersion())
}

/** The same of a part of it that needs neither database nor Temporal. */
export function machine(...parts: readonly string[]): string {
  const load = loadavg().map((l) => l.toFixed(1))
  return [
    new Date().toISOString().slice(0, 10),
    `${cpus().length} x ${cpus()[0]?.model ?? 'unknown CPU'}`,
    `${Math.round(totalmem() / 2 ** 30)} GB`,
    `Node ${process.versions.node}`,
    ...parts,
    `load of the machine at the end ${load.join(', ')}`,
  ].join('; ')
}

async function temporalVersion(): Promise<string> {
  const binary = await findTemporalBinary({ log: () => undefined })
  const text = execFileSync(binary, ['--version'], { encoding: 'utf8' })
  // A CLI that was built by `go install` calls itself 0.0.0-DEV: the server's version is the one that counts.
  const server = /Server (\S+?),/.exec(text)?.[1]
  return server === undefined ? text.trim() : `Temporal dev server ${server}`
}

/** Puts a section into RESULTS.md in the place of the older one of that title. */
export function record(title: string, lines: readonly string[]): void {
  const old = existsSync(FILE) ? readFileSync(FILE, 'utf8') : '# Measurements\n'
  const section = `## ${title}\n\n${lines.join('\n')}\n`
  const sections = old.split(/^(?=## )/m)
  const at = sections.findIndex((text) => text.startsWith(`## ${title}\n`))
  if (at < 0) sections.push(section)
  else sections[at] = `${section}\n`
  const text = sections.map((each) => each.trimEnd()).join('\n\n')
  writeFileSync(FILE, `${text}\n`)
  process.stdout.write(`\n${section}`)
}

/** A Markdown table. */
export const table = (head: readonly string[], rows: readonly (readonly (string | number)[])[]): string[] => [
  `| ${head.join(' | ')} |`,
  `|${head.map(() => ' --- |').join('')}`,
  ...rows.map((row) => `| ${row.join(' | ')} |`),
]

/** 1234567 → `1,234,567`. */
export const grouped = (n: number): string => Math.round(n).toLocaleString('en-US')

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? 0)
    : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2
}
