import { relative } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * Files that take more than ten seconds, the longest of them first. One that begins late would be waited for while the other
 * workers have nothing left to do; what is not named here is short, and its order does not matter. Those that mostly wait
 * (for a process to die, for a server to come back) stand between those that work: three of them at once leave cores idle.
 */
const LONGEST = [
  'test/runs/recorded-truth.test.ts',
  'test/runs/crash.test.ts',
  'test/runs/fault-matrix-baostock.test.ts',
  'test/runs/fault-matrix-tushare.test.ts',
  'test/browser/console.test.ts',
  'test/runs/fault-matrix-akshare.test.ts',
  'test/runs/outages.test.ts',
  'test/import/recorded.test.ts',
  'test/schedules/firing.test.ts',
  'test/runs/upstream-faults.test.ts',
  'test/local/postgres.test.ts',
  'test/runs/first-runs.test.ts',
  'test/api/main.test.ts',
  'test/local/demo.test.ts',
  'test/api/source-tests.test.ts',
  'test/workflows/steering.test.ts',
  'test/workflows/failover.test.ts',
  'test/workflows/dispensable.test.ts',
  'test/cli/service.test.ts',
  'test/schedules/scheduled-sync.test.ts',
  'test/local/up.test.ts',
  'test/replay-upstream/recorded.test.ts',
  'test/runs/three-sources.test.ts',
  'test/db/lease.test.ts',
  'test/runs/full-days.test.ts',
  'test/api/watch.test.ts',
  'test/api/bars-stream.test.ts',
  'test/db/budget-processes.test.ts',
  'test/runs/steering.test.ts',
  'test/runs/finance.test.ts',
  'test/runs/finance-recorded.test.ts',
  'test/local/printed-examples.test.ts',
  'test/runs/retry-failures.test.ts',
  'test/api/temporal-tls.test.ts',
  'test/runs/valuation.test.ts',
  'test/runs/lost-sources.test.ts',
  'test/runs/half-days.test.ts',
  'test/workflows/modes.test.ts',
  'test/runs/verify-damage.test.ts',
  'test/workflows/queues.test.ts',
  'test/runs/periods.test.ts',
  'test/runs/incremental.test.ts',
]

/** The longest files first, the others as ever. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId, project }: TestSpecification) => {
      const at = LONGEST.indexOf(relative(project.config.root, moduleId))
      return at < 0 ? LONGEST.length : at
    }
    return (await super.sort(files)).sort((a, b) => place(a) - place(b))
  }
}
