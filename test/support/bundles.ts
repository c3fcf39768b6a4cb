import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Where the workflow bundle of these sources is kept, from one test run to the next: making it takes three seconds of a core. */
export const BUNDLES = join(tmpdir(), 'ashare-test-bundles')
