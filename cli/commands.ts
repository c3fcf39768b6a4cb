import type { CommandSpec } from './command.ts'
import { demo } from './commands/demo.ts'
import { doctor } from './commands/doctor.ts'
import { exportTable } from './commands/export.ts'
import { gaps } from './commands/gaps.ts'
import { importFile } from './commands/import.ts'
import { key } from './commands/key.ts'
import { plan } from './commands/plan.ts'
import { schedule } from './commands/schedule.ts'
import { sources } from './commands/sources.ts'
import { status } from './commands/status.ts'
import { cancel, pause, resume } from './commands/steer.ts'
import { sync } from './commands/sync.ts'
import { up } from './commands/up.ts'

/** Every command, in the order of the help. */
export const COMMANDS: readonly CommandSpec[] = [
  up,
  demo,
  doctor,
  sync,
  status,
  pause,
  resume,
  cancel,
  plan,
  schedule,
  sources,
  gaps,
  exportTable,
  importFile,
  key,
]
