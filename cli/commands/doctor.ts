import { act, type CommandSpec } from '../command.ts'
import type { Colour, Context, Outcome } from '../context.ts'
import type { Finding } from '../doctor/finding.ts'
import { EXIT } from '../exit-codes.ts'
import { type ServiceOptions, withService } from '../service-options.ts'

export const doctor: CommandSpec = {
  name: 'doctor',
  group: 'Service',
  summary: 'check machine, database, Temporal, clock, sources and data, and say what to do',
  build: (command, io) =>
    void withService(command)
      .addHelpText(
        'after',
        '\nWorks with and without a service. 1 when there is a problem; warnings are none.',
      )
      .action(act(io, runDoctor)),
}

async function runDoctor(context: Context, options: ServiceOptions): Promise<Outcome> {
  // Loads what talks to databases, Temporal and sources.
  const { examine } = await import('../doctor/examine.ts')
  const findings: Finding[] = []
  await examine(context, options, (...found) => {
    findings.push(...found)
    for (const finding of found) show(context, finding)
  })
  const count = (state: Finding['state']) => findings.filter((each) => each.state === state).length
  context.result(findings, [
    '',
    `${counted(count('problem'), 'problem')}, ${counted(count('warning'), 'warning')}`,
  ])
  return count('problem') > 0 ? EXIT.failed : undefined
}

const counted = (count: number, what: string): string =>
  `${count === 0 ? 'no' : count} ${what}${count === 1 ? '' : 's'}`

const COLOURS: Readonly<Record<Finding['state'], Colour>> = { ok: 'green', warning: 'yellow', problem: 'red' }

function show({ print }: Context, { check, state, message, todo }: Finding): void {
  print(`${state.padEnd(8)} ${check.padEnd(18)} ${message}`, COLOURS[state])
  if (todo !== null) print(`${' '.repeat(27)} → ${todo}`)
}
