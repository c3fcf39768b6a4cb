import { setCurrentDetails } from '@temporalio/workflow'
import type { CleanedUpRows } from './contract/clean-up.ts'
import { housekeeping } from './proxies.ts'

/** Forgets what is older than it is kept; a schedule starts it once a day. */
export async function cleanUp(): Promise<CleanedUpRows> {
  const deleted = await housekeeping.cleanUp()
  const lines = Object.entries(deleted).map(([what, rows]) => `- ${what}: ${rows}`)
  setCurrentDetails(`deleted\n\n${lines.join('\n')}`)
  return deleted
}
