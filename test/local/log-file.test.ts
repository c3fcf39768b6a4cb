import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openLogFile } from '../../local/log-file.ts'
import { temporaryFolder } from './support.ts'

const DAY_MS = 86_400_000
const NOON = new Date('2026-11-23T12:00:00').getTime()

function newLog(limits: Parameters<typeof openLogFile>[1] = {}) {
  const folder = join(temporaryFolder(), 'logs')
  const path = join(folder, 'worker.log')
  return {
    folder,
    path,
    open: (at: () => number = () => NOON) => openLogFile(path, { now: at, ...limits }),
    names: () => readdirSync(folder).sort(),
    text: (name: string) => readFileSync(join(folder, name), 'utf8'),
  }
}

test('a full file becomes one of its day, and no line is lost', () => {
  const log = newLog({ maxBytes: 100 })
  const file = log.open()
  const lines = Array.from({ length: 12 }, (_, n) => `line ${n} of some length`)
  for (const line of lines) file.line(line)
  file.close()
  file.line('after the end')
  expect(log.names()).toEqual(['worker.2026-11-23.1.log', 'worker.2026-11-23.2.log', 'worker.log'])
  const written = log.names().map(log.text)
  expect(written.join('')).toBe(`${lines.join('\n')}\n`)
  for (const text of written) expect(text.length).toBeLessThan(130)
  for (const name of log.names()) expect(statSync(join(log.folder, name)).mode & 0o777).toBe(0o600)
})

test('each day has a file of its own, also when the service was not running at midnight', () => {
  const log = newLog()
  let at = NOON
  const file = log.open(() => at)
  file.line('today')
  at += DAY_MS
  file.close()
  utimesSync(log.path, NOON / 1_000, NOON / 1_000)
  const next = log.open(() => at)
  next.line('tomorrow')
  at += DAY_MS
  next.line('the day after')
  next.close()
  expect(log.names()).toEqual(['worker.2026-11-23.1.log', 'worker.2026-11-24.1.log', 'worker.log'])
  expect(log.names().map(log.text)).toEqual(['today\n', 'tomorrow\n', 'the day after\n'])
})

test('files of more than 30 days are dropped, the oldest of too many as well, and nobody else is touched', () => {
  const log = newLog({ totalBytes: 250 })
  mkdirSync(log.folder)
  const others = ['worker.2026-10-01.notes', 'worker-old.2026-10-01.1.log', 'api.2026-10-01.1.log']
  const young = ['worker.2026-11-22.10.log', 'worker.2026-11-22.9.log']
  const dropped = ['worker.2026-11-21.1.log', 'worker.2026-10-23.1.log']
  for (const name of [...others, ...young, ...dropped]) writeFileSync(join(log.folder, name), 'x'.repeat(100))
  log.open().close()
  expect(log.names()).toEqual([...others, ...young, 'worker.log'].sort())
})

test('a disk that is full ends nothing, and what was lost is said when there is room again', () => {
  const log = newLog()
  mkdirSync(log.folder)
  // Every write to it fails as on a full disk.
  symlinkSync('/dev/full', log.path)
  let at = NOON
  const file = log.open(() => at)
  file.line('lost')
  file.line('lost as well, without an attempt')
  expect(log.names()).toEqual(['worker.log'])
  symlinkSync(join(log.folder, 'disk'), join(log.folder, 'room'))
  writeFileSync(join(log.folder, 'disk'), '')
  renameSync(join(log.folder, 'room'), log.path)
  at += 2_000
  file.line('written')
  file.close()
  expect(log.text('disk')).toBe('(2 lines before this one could not be written)\nwritten\n')
})
