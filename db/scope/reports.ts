import { shanghaiClock } from '../../market/date.ts'
import { reportCalendar } from '../../market/report-periods.ts'
import type { RunParams } from '../../market/run-params.ts'
import type { Resolved, ScopeContext } from './context.ts'

/** Report periods from the first that a history of reports begins with to the newest that is over. */
export function reportPeriods({ settings, now }: ScopeContext, params: RunParams): Resolved {
  const { sessions } = reportCalendar(shanghaiClock(now()).date)
  const start_date = params.start_date ?? settings.financeStart
  const asked = sessions.filter((period) => period >= start_date && period <= (params.end_date ?? '9999'))
  const end_date = asked.at(-1)
  if (end_date === undefined) return { params, notes: [`no report period has ended since ${start_date}`] }
  return {
    params: { ...params, start_date, end_date },
    notes: [`${asked.length} report periods from ${asked[0] ?? ''} to ${end_date}`],
  }
}
