import { readFile } from 'node:fs/promises'
import { z } from '@hono/zod-openapi'
import { fileEntry } from '../schemas/schedule.ts'
import type { ScheduleDraft } from '../temporal/schedules.ts'
import { jobOf } from './key.ts'
import { scheduledParams } from './params.ts'
import { calendarTiming, minutesTiming, type Timing } from './timing.ts'

/** All that is wrong with SCHEDULES_FILE, one line each. */
export class SchedulesFileError extends Error {
  override readonly name = 'SchedulesFileError'

  constructor(path: string, problems: readonly string[]) {
    const what = problems.length === 1 ? 'a problem' : `${problems.length} problems`
    super(`SCHEDULES_FILE ${path} has ${what}:\n${problems.map((problem) => `  ${problem}`).join('\n')}`)
  }
}

/**
 * The schedules that a file names in place of the defaults: a JSON list of
 * `{"job": "weekly", "hour": 2, "day_of_week": "mon", "params": {…}}`, with the fields of `POST /scheduler/jobs/…`.
 *
 * @throws SchedulesFileError naming every problem
 */
export async function readSchedulesFile(path: string): Promise<ScheduleDraft[]> {
  const json = await readJson(path)
  const entries = z.array(fileEntry, 'must be a list').safeParse(json)
  if (!entries.success)
    throw new SchedulesFileError(
      path,
      entries.error.issues.map((issue) => `${placeOf(issue.path)}${issue.message}`),
    )
  const problems: string[] = []
  const drafts = entries.data.flatMap((entry, i) => {
    const draft = draftOf(entry)
    if (!Array.isArray(draft)) return [draft]
    problems.push(...draft.map((problem) => `[${i}] ${entry.job.slice(0, 60)}: ${problem}`))
    return []
  })
  const keys = drafts.map(({ key }) => key)
  const twice = [...new Set(keys.filter((key, i) => keys.indexOf(key) !== i))]
  problems.push(
    ...twice.map((key) => `${key} is there twice: give the second one a name, like ${key}.evening`),
  )
  if (problems.length > 0) throw new SchedulesFileError(path, problems)
  return drafts
}

async function readJson(path: string): Promise<unknown> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    throw new SchedulesFileError(path, [`cannot be read: ${(error as NodeJS.ErrnoException).code ?? ''}`])
  }
  try {
    return JSON.parse(text)
  } catch {
    throw new SchedulesFileError(path, ['is not JSON'])
  }
}

const placeOf = (path: PropertyKey[]): string =>
  path.length === 0
    ? ''
    : `${path.map((part) => (typeof part === 'number' ? `[${part}]` : String(part))).join(' ')}: `

/** @returns what is wrong in place of the draft */
function draftOf(entry: z.output<typeof fileEntry>): ScheduleDraft | string[] {
  const job = jobOf(entry.job)
  if (job === null) return ['is no job']
  const { params, problems } = scheduledParams(job, entry.params ?? {})
  const timing = timingOf(entry)
  if (params === null || timing === null)
    return [
      ...problems,
      ...(timing === null ? ['give interval_minutes, or cron, or hour with minute and days'] : []),
    ]
  return { key: entry.job, job, params, timing, paused: entry.paused ?? false }
}

/** Null unless it names one kind of times. */
function timingOf(entry: z.output<typeof fileEntry>): Timing | null {
  const { interval_minutes: minutes, cron, hour } = entry
  const kinds = [minutes, cron, hour].filter((each) => each !== undefined)
  if (kinds.length !== 1) return null
  return minutes === undefined ? calendarTiming(entry) : minutesTiming(minutes)
}
