import type { ImportEnd } from '../activities/import/finish.ts'
import type { Survey } from '../activities/import/survey.ts'
import type { PresentCounts } from '../db/import/survey.ts'
import { number } from '../local/words.ts'

const NAMED = 10

/** What a file holds, in lines for people. */
export function surveyLines(survey: Survey): string[] {
  const { file, dataset, form, units, read, rows, skipped, duplicates, refused, instruments, unknown } =
    survey
  return [
    `${file}: ${number(read)} rows read as ${dataset}, columns of ${form}; ${units}`,
    `  ${number(rows)} rows of ${number(instruments.length)} symbols from ${survey.from} to ${survey.to} can be taken`,
    ...[...skipped].map(([reason, count]) => `  ${number(count)} left out: ${reason}`),
    ...(duplicates > 0 ? [`  ${number(duplicates)} left out: the same row twice`] : []),
    ...refused
      .slice(0, NAMED)
      .map((each) => `  ${number(each.rows)} refused: ${each.reason} (first: ${each.example})`),
    ...(unknown.length > 0
      ? [
          `  no stock list names ${unknown.slice(0, NAMED).join(', ')}${unknown.length > NAMED ? ', …' : ''}: taken all the same, under flagged instruments`,
        ]
      : []),
  ]
}

/** What a dry run would do. */
export const presentLines = ({ missing, different, equal }: PresentCounts): string[] => [
  `  ${number(missing)} would be inserted, ${number(different)} updated (their old values are kept), ${number(equal)} are there already`,
  'Nothing was written.',
]

/** What came of an import. */
export function endLines({ runId, status, message, totals, verification }: ImportEnd): string[] {
  const { inserted, updated, unchanged, rejected } = totals
  const days =
    verification === null
      ? []
      : [
          `  ${number(verification.dates)} sessions checked: ${number(verification.complete + verification.completeWithGaps)} complete, ` +
            `${number(verification.incomplete)} incomplete, ${number(verification.unverified)} unverified`,
        ]
  return [
    `run ${runId}: ${status}`,
    `  ${number(inserted)} inserted, ${number(updated)} updated, ${number(unchanged)} unchanged, ${number(rejected)} refused`,
    ...days,
    ...(message === null ? [] : [`  ${message}`]),
  ]
}
