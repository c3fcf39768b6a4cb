import { relative } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * Files that take longest, the first of them first. One that begins late would be waited for while the other workers have
 * nothing left to do; what is not named here is short, and its order does not matter.
 */
const LONGEST = [
  'test/runs/recorded-truth.test.ts',
  'test/runs/crash.test.ts',
  'test/runs/fault-matrix-baostock.test.ts',
  'test/runs/fault-matrix-akshare.test.ts',
  'test/runs/fault-matrix-tushare.test.ts',
  'test/runs/first-runs.test.ts',
  'test/runs/outages.test.ts',
  'test/runs/upstream-faults.test.ts',
  'test/api/main.test.ts',
  'test/api/source-tests.test.ts',
  'test/runs/valuation.test.ts',
  'test/runs/full-days.test.ts',
  'test/schedules/firing.test.ts',
  'test/workflows/steering.test.ts',
  'test/workflows/failover.test.ts',
  'test/runs/three-sources.test.ts',
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
